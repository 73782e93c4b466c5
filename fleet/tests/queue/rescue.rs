//! Bells that were heard and not answered, and listeners that are gone.

use std::time::Duration;

use fermiac_fleet::job::{Label, Priority};
use fermiac_fleet::queue::{ConsumerName, Queue, QueueSettings, Rescued};
use redis::AsyncCommands;

use crate::support::{REDIS, bells, environment, hear, jobs, listen, on_redis};

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_unanswered_bell_rings_again() {
    for queue in [Queue::in_process(), on_redis(&REDIS.url())] {
        let bells = bells(3);
        queue.ring(&bells).await.unwrap();
        let mut listener = listen(&queue);
        let rung = hear(&mut listener, 2).await;
        queue.answer(&rung[..1]).await.unwrap();
        assert_eq!(queue.rescue(LONG, 100).await.unwrap(), Rescued { rung_again: 0 });
        assert_eq!(queue.rescue(Duration::ZERO, 100).await.unwrap(), Rescued { rung_again: 1 });
        let rung = hear(&mut listener, 2).await;
        assert_eq!(jobs(&rung), [bells[2].job, bells[1].job]);
        queue.answer(&rung).await.unwrap();
        assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_rescue_keeps_to_its_limit() {
    for queue in [Queue::in_process(), on_redis(&REDIS.url())] {
        queue.ring(&bells(250)).await.unwrap();
        hear(&mut listen(&queue), 250).await;
        let mut rescued = Vec::new();
        for _ in 0..3 {
            rescued.push(queue.rescue(Duration::ZERO, 120).await.unwrap().rung_again);
        }
        assert_eq!(rescued, [120, 120, 10]);
        assert_eq!(queue.length(Label::Cpu, Priority::Normal).await.unwrap(), 250);
    }
}

#[tokio::test]
async fn only_dead_listeners_with_nothing_pending_are_removed() {
    for queue in [Queue::in_process(), on_redis(&REDIS.url())] {
        let names = [ConsumerName::fresh(), ConsumerName::fresh()];
        let [mut busy, mut idle] = [0, 1].map(|which| queue.listen(&[Label::Cpu], &names[which]));
        queue.ring(&bells(2)).await.unwrap();
        let rung = hear(&mut busy, 1).await;
        let answered = hear(&mut idle, 1).await;
        assert_eq!(queue.remove_dead_consumers(&[]).await.unwrap(), 0);
        queue.answer(&answered).await.unwrap();
        assert_eq!(queue.remove_dead_consumers(&names).await.unwrap(), 0);
        assert_eq!(queue.remove_dead_consumers(&names[..1]).await.unwrap(), 1);
        assert_eq!(queue.remove_dead_consumers(&[]).await.unwrap(), 0);
        assert_eq!(queue.rescue(Duration::ZERO, 10).await.unwrap(), Rescued { rung_again: 1 });
        assert_eq!(hear(&mut idle, 1).await[0].bell, rung[0].bell);
    }
}

#[tokio::test]
async fn bells_of_a_thousand_dead_listeners_are_found_behind_those_of_a_living_one() {
    let environment = environment();
    let queue = Queue::connect(&REDIS.url(), &environment, &QueueSettings::default()).unwrap();
    let living = 5_000;
    queue.ring(&bells(living + 1_000)).await.unwrap();
    hear(&mut listen(&queue), living).await;

    let stream = format!("{{fermiac:{environment}:cpu}}:bells:normal");
    let client = redis::Client::open(REDIS.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for dead in 0..1_000 {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg("workers").arg(format!("dead-{dead}")).arg("COUNT").arg(1);
        let reply: redis::streams::StreamReadReply =
            read.arg("STREAMS").arg(&stream).arg(">").query_async(&mut connection).await.unwrap();
        let mut age = redis::cmd("XCLAIM");
        age.arg(&stream).arg("workers").arg(format!("dead-{dead}")).arg(0).arg(&reply.keys[0].ids[0].id);
        age.arg("IDLE").arg(2 * 3_600_000).arg("JUSTID").query_async::<()>(&mut connection).await.unwrap();
    }

    assert_eq!(queue.rescue(LONG, 10_000).await.unwrap(), Rescued { rung_again: 1_000 });
    assert_eq!(connection.xlen::<_, usize>(&stream).await.unwrap(), living + 1_000);
    // They have nothing pending any more.
    assert!(queue.remove_dead_consumers(&[]).await.unwrap() >= 1_000);
    let groups: redis::streams::StreamInfoGroupsReply = connection.xinfo_groups(&stream).await.unwrap();
    assert_eq!((groups.groups[0].consumers, groups.groups[0].pending), (1, living));
}

#[tokio::test]
async fn a_search_longer_than_one_rescue_goes_on_with_the_next() {
    let environment = environment();
    let queue = Queue::connect(&REDIS.url(), &environment, &QueueSettings::default()).unwrap();
    // A step with a limit of 1 looks at 10 pending bells, and a rescue takes at most 100 steps.
    queue.ring(&bells(3_001)).await.unwrap();
    let rung = hear(&mut listen(&queue), 3_001).await;
    let client = redis::Client::open(REDIS.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut age = redis::cmd("XCLAIM");
    age.arg(format!("{{fermiac:{environment}:cpu}}:bells:normal")).arg("workers").arg("dead").arg(0);
    age.arg(rung[3_000].entry.to_string()).arg("IDLE").arg(2 * 3_600_000).arg("JUSTID");
    age.query_async::<()>(&mut connection).await.unwrap();

    let mut found = Vec::new();
    for _ in 0..4 {
        found.push(queue.rescue(LONG, 1).await.unwrap().rung_again);
    }
    assert_eq!(found, [0, 0, 0, 1]);
}
