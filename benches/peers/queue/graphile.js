// No-op jobs with 200 bytes through graphile-worker: submitted in bulk, then drained by one worker that fetches and
// completes in batches, its fastest setting.
// Usage: DATABASE_URL=postgres://... node graphile.js JOBS CONCURRENCY
const { Logger, run, makeWorkerUtils } = require('graphile-worker');

const [jobs, concurrency] = process.argv.slice(2).map(Number);
const connectionString = process.env.DATABASE_URL;

const since = (start) => Number(process.hrtime.bigint() - start) / 1e9;

async function submit() {
  const utils = await makeWorkerUtils({ connectionString });
  await utils.migrate();
  const start = process.hrtime.bigint();
  await utils.withPgClient((client) => client.query(
    `select graphile_worker.add_jobs(array(
       select row('nothing', json_build_object('number', i, 'padding', repeat('x', 180)), null, null, null, null, null, null)
         ::graphile_worker.job_spec from generate_series(1, $1) i))`, [jobs]));
  return since(start);
}

async function drain() {
  const start = process.hrtime.bigint();
  let done = 0;
  await new Promise((resolve) => {
    run({
      connectionString,
      concurrency,
      noHandleSignals: true,
      logger: new Logger(() => () => {}),
      pollInterval: 100,
      taskList: { nothing: async () => {} },
      preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    }).then((runner) => runner.events.on('job:complete', () => {
      done += 1;
      if (done === jobs) runner.stop().then(resolve);
    }));
  });
  return since(start);
}

(async () => {
  const submitted = await submit();
  const drained = await drain();
  console.log(JSON.stringify({
    system: 'graphile-worker',
    submit_per_s: Math.round(jobs / submitted),
    drain_per_s: Math.round(jobs / drained),
  }));
  process.exit(0);
})();
