// The job of `isobit bench`, for builds of the library that a measurement plants something in (test/bench).
export { run } from '../../src/jobs/bench_job.ts';
