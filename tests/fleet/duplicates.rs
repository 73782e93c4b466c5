//! Every bell rings ten times.

use crate::fleet::Fleet;
use crate::judge::everything_ended_once;
use crate::workers_killed::JOBS;

/// Adds every entry of a stream nine times more.
const RING_TEN_TIMES: &str = "
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
    for _ = 1, 9 do redis.call('XADD', KEYS[1], '*', unpack(entry[2])) end
end
return redis.call('XLEN', KEYS[1])";

#[test]
fn bells_that_ring_ten_times_run_each_job_once() {
    let fleet = Fleet::start();
    let accepted = fleet.submit(JOBS);
    let stream = "{fermiac:testing:cpu}:bells:normal";
    let length = fleet.redis.command(&["EVAL", RING_TEN_TIMES, "1", stream]);
    let bells = fleet.database.count("select count(*) * 10 from jobs where state = 'ready'");
    assert_eq!(length.trim(), format!(":{bells}"));
    let _scheduler = fleet.scheduler();
    let _workers = [fleet.worker(), fleet.worker()];
    everything_ended_once(&fleet, &accepted);
    assert_eq!(fleet.database.count("select count(*) from jobs where attempt <> 1"), 0, "a job ran twice");
}
