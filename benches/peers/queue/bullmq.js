// No-op jobs with 200 bytes through BullMQ: submitted in bulk, then drained by one worker.
// Usage: node bullmq.js JOBS CONCURRENCY REDIS_PORT
const { Queue, Worker } = require('bullmq');

const [jobs, concurrency, port] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const BULK = 1000;

const since = (start) => Number(process.hrtime.bigint() - start) / 1e9;

async function submit(queue) {
  const start = process.hrtime.bigint();
  for (let first = 0; first < jobs; first += BULK) {
    const length = Math.min(BULK, jobs - first);
    const data = Array.from({ length }, (_, place) => ({ number: first + place, padding: 'x'.repeat(180) }));
    await queue.addBulk(data.map((data) => ({ name: 'nothing', data })));
  }
  return since(start);
}

async function drain(name) {
  const start = process.hrtime.bigint();
  let done = 0;
  await new Promise((resolve) => {
    const worker = new Worker(name, async () => ({}), { connection, concurrency });
    worker.on('completed', () => {
      done += 1;
      if (done === jobs) resolve(worker.close());
    });
  });
  return since(start);
}

(async () => {
  const queue = new Queue(`jobs${Date.now()}`, { connection });
  await queue.waitUntilReady();
  const submitted = await submit(queue);
  const drained = await drain(queue.name);
  await queue.close();
  console.log(JSON.stringify({
    system: 'BullMQ',
    submit_per_s: Math.round(jobs / submitted),
    drain_per_s: Math.round(jobs / drained),
  }));
  process.exit(0);
})();
