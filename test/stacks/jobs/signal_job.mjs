// A job bundle for the tests of remote browsers: tells a server that it runs, waits for its answer, and returns the digest
// that it was given. Whoever holds the answer back has a browser in the middle of a run. Job: { signal, digest }.

export async function run(job) {
  await (await fetch(job.signal)).text();
  return { digest: job.digest, ms: 1 };
}
