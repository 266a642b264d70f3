"""Libraries whose core is their scripts run as their users would run them, with one shard and with three.

`limits` and redis-py's Lock declare all keys. rq names keys that it reads from others. dramatiq builds every name from a prefix.
"""
import logging
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import dramatiq
import limits
import pytest
import redis
from dramatiq.brokers.redis import RedisBroker
from limits.strategies import (
    FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter,
)
from rq import Queue, Retry, SimpleWorker
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.scheduler import RQScheduler

from test_transactions import empty, run_all  # noqa: F401

PATIENCE_SECONDS = 10


def client(server, **options):
    host, port = server.address
    return redis.Redis(host=host, port=port, **options)


def eventually(condition):
    """What only time brings about: tries again until it is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never happened"


# limits


@pytest.fixture(params=[FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter])
def limiter(empty, request):
    host, port = empty.address
    return request.param(limits.storage.storage_from_string(f"redis://{host}:{port}"))


def test_a_limit_holds_among_many(limiter):
    item = limits.RateLimitItemPerHour(40)
    allowed = []

    def work(name):
        for _ in range(25):
            if limiter.hit(item, "shared"):
                allowed.append(name)

    run_all(*(lambda name=name: work(name) for name in range(4)))
    assert len(allowed) == 40
    assert not limiter.test(item, "shared") and limiter.test(item, "another")
    assert limiter.get_window_stats(item, "shared").remaining == 0
    limiter.clear(item, "shared")
    assert limiter.hit(item, "shared", cost=39)
    assert limiter.get_window_stats(item, "shared").remaining == 1
    assert not limiter.hit(item, "shared", cost=2)


def test_a_window_moves_on(limiter):
    item = limits.RateLimitItemPerSecond(2)
    assert limiter.hit(item, "name", cost=2) and not limiter.hit(item, "name", cost=2)
    eventually(lambda: limiter.hit(item, "name"))


def test_all_limits_are_reset(limiter):
    item = limits.RateLimitItemPerHour(1)
    for number in range(30):
        assert limiter.hit(item, f"name{number}") and not limiter.hit(item, f"name{number}")
    # A script with KEYS.
    assert limiter.storage.reset() >= 30
    for number in range(30):
        assert limiter.hit(item, f"name{number}")


# redis-py's Lock


def test_a_lock_lets_in_one_at_a_time(empty):
    inside, entries = [], []

    def work(name):
        with client(empty) as connection:
            for _ in range(10):
                with connection.lock("lock", timeout=30, sleep=0.001):
                    inside.append(name)
                    assert inside == [name]
                    entries.append(name)
                    inside.remove(name)

    run_all(*(lambda name=name: work(name) for name in range(4)))
    assert len(entries) == 40


def test_a_lock_is_its_owner_s(empty):
    with client(empty) as connection:
        lock, other = connection.lock("lock", timeout=20), connection.lock("lock", timeout=20)
        assert lock.acquire() and lock.owned() and lock.locked()
        assert not other.acquire(blocking=False)
        begin = time.monotonic()
        other.sleep = 0.01
        assert not other.acquire(blocking_timeout=0.2)
        assert time.monotonic() - begin >= 0.15
        with pytest.raises(redis.exceptions.LockError):
            other.release()
        lock.extend(100)
        assert 110_000 < connection.pttl("lock") <= 120_000
        lock.extend(50, replace_ttl=True)
        assert 40_000 < connection.pttl("lock") <= 50_000
        lock.reacquire()
        assert 10_000 < connection.pttl("lock") <= 20_000
        # Somebody else has it now.
        connection.set("lock", "another token")
        for use in (lock.reacquire, lambda: lock.extend(1), lock.release):
            with pytest.raises(redis.exceptions.LockNotOwnedError):
                use()


def test_a_lock_is_handed_on(empty):
    with client(empty) as connection, client(empty) as another:
        holder = connection.lock("lock", timeout=0.3)
        assert holder.acquire()
        # The holder does not come back: its time runs out.
        assert another.lock("lock", timeout=20, sleep=0.01).acquire(blocking_timeout=PATIENCE_SECONDS)
        with pytest.raises(redis.exceptions.LockError):
            holder.release()


# rq


def add(left, right):
    return left + right


def fail():
    raise ValueError("as intended")


class FailingOnce:
    """For retries: fails the first time."""

    attempts = 0

    @staticmethod
    def run():
        FailingOnce.attempts += 1
        if FailingOnce.attempts == 1:
            raise ValueError("as intended")
        return FailingOnce.attempts


@pytest.fixture
def queue(empty):
    logging.getLogger("rq").setLevel(logging.CRITICAL)
    with client(empty) as connection:
        yield Queue("work", connection=connection)


def work_off(*queues):
    SimpleWorker(list(queues), connection=queues[0].connection).work(burst=True, logging_level="CRITICAL")


def test_jobs_run(queue):
    jobs = [queue.enqueue(add, number, 1) for number in range(10)]
    first = queue.enqueue(add, 0, 0, at_front=True)
    assert queue.count == 11 and queue.job_ids[0] == first.id
    work_off(queue)
    assert [job.return_value() for job in jobs] == list(range(1, 11))
    assert queue.is_empty() and len(queue.finished_job_registry) == 11


def test_a_job_exists_once(queue):
    queue.enqueue(add, 1, 2, job_id="only", unique=True)
    with pytest.raises(DuplicateJobError):
        queue.enqueue(add, 1, 2, job_id="only", unique=True)
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    queue.enqueue_at(tomorrow, add, 1, 2, job_id="later", unique=True)
    with pytest.raises(DuplicateJobError):
        queue.enqueue_at(tomorrow, add, 1, 2, job_id="later", unique=True)
    assert queue.count == 1 and len(queue.scheduled_job_registry) == 1


def test_failed_jobs_are_kept_and_tried_again(queue):
    FailingOnce.attempts = 0
    failing, retried = queue.enqueue(fail), queue.enqueue(FailingOnce.run, retry=Retry(max=2))
    work_off(queue)
    assert failing.get_status() == JobStatus.FAILED and "as intended" in failing.latest_result().exc_string
    assert retried.return_value() == 2
    assert queue.failed_job_registry.get_job_ids() == [failing.id]
    queue.failed_job_registry.requeue(failing.id)
    work_off(queue)
    assert failing.get_status() == JobStatus.FAILED
    # The job's keys, by a script that names those of the jobs that wait for it.
    failing.delete(delete_dependents=True)
    assert not Job.exists(failing.id, queue.connection) and len(queue.failed_job_registry) == 0


def test_jobs_wait_for_others(queue):
    first = queue.enqueue(add, 1, 2)
    second = queue.enqueue(add, 3, 4, depends_on=first)
    third = queue.enqueue(add, 5, 6, depends_on=[first, second])
    never = queue.enqueue(add, 7, 8, depends_on=queue.enqueue(fail))
    assert second.get_status() == third.get_status() == JobStatus.DEFERRED
    work_off(queue)
    assert third.return_value() == 11 and never.get_status() == JobStatus.DEFERRED


def test_jobs_have_their_time(queue):
    now = datetime.now(timezone.utc)
    late = [queue.enqueue_at(now - timedelta(seconds=5), add, number, 0) for number in range(5)]
    later = queue.enqueue_in(timedelta(hours=1), add, 0, 0)
    assert queue.count == 0 and len(queue.scheduled_job_registry) == 6
    scheduler = RQScheduler([queue], connection=queue.connection)
    # A second one does not get the lock.
    assert scheduler.acquire_locks() and not RQScheduler([queue], connection=queue.connection).acquire_locks()
    scheduler.enqueue_scheduled_jobs()
    scheduler.heartbeat()
    scheduler.release_locks()
    work_off(queue)
    assert [job.return_value() for job in late] == list(range(5))
    assert later.get_status() == JobStatus.SCHEDULED


def test_few_jobs_of_a_kind_at_a_time(queue):
    limit = RateLimit(key="narrow", concurrency=2)
    jobs = [queue.enqueue(add, number, 0, rate_limit=limit) for number in range(6)]
    registry = RateLimitRegistry("narrow", queue.connection)
    assert registry.get_allowed_job_count() == 2 and registry.get_rate_limited_job_count() == 4
    work_off(queue)
    assert [job.return_value() for job in jobs] == list(range(6))
    assert registry.get_allowed_job_count() == registry.get_rate_limited_job_count() == 0


# dramatiq


@contextmanager
def dramatiq_at_work(server, *actors, **options):
    logging.getLogger("dramatiq").setLevel(logging.CRITICAL)
    broker = RedisBroker(client=client(server), **options)
    for actor in actors:
        dramatiq.actor(actor, broker=broker)
    # What a worker does while it has nothing to do.
    worker = dramatiq.Worker(broker, worker_threads=4, worker_timeout=20)
    worker.start()
    try:
        yield broker, worker
    finally:
        worker.stop(timeout=PATIENCE_SECONDS * 1000)
        broker.close()
        broker.client.close()


def settle(broker, worker, queue="default"):
    broker.join(queue, interval=5, timeout=PATIENCE_SECONDS * 1000)
    worker.join()


# Every command looks after what dead workers left.
@pytest.mark.parametrize("maintenance_chance", [1000, 1_000_000])
def test_messages_arrive_once(empty, maintenance_chance):
    with dramatiq_at_work(empty, maintenance_chance=maintenance_chance) as (broker, worker):
        seen, failures = [], []

        @dramatiq.actor(broker=broker)
        def note(number):
            seen.append(number)

        @dramatiq.actor(broker=broker, max_retries=1, min_backoff=1, max_backoff=1)
        def refuse(number):
            failures.append(number)
            raise ValueError("as intended")

        run_all(*(lambda begin=begin: [note.send(begin + step) for step in range(20)] for begin in (0, 100, 200)))
        refuse.send(7)
        note.send_with_options(args=(1000,), delay=20)
        settle(broker, worker)
        eventually(lambda: len(seen) == 61 and len(failures) == 2)
        settle(broker, worker)
        assert sorted(seen) == sorted([begin + step for begin in (0, 100, 200) for step in range(20)] + [1000])
        # What fails for good is kept apart.
        eventually(lambda: broker.client.zcard("dramatiq:default.XQ") == 1)
        broker.flush_all()
        assert not [key for key in broker.client.keys("dramatiq:*") if b"heartbeats" not in key]


def test_messages_of_a_dead_worker_are_taken_up_again(empty):
    queue = "default"
    with client(empty) as connection:
        dead = RedisBroker(client=connection, heartbeat_timeout=1, maintenance_chance=1_000_000)
        dead.declare_queue(queue)
        dead.enqueue(dramatiq.Message(queue_name=queue, actor_name="note", args=(5,), kwargs={}, options={}))
        # Fetched, and never acknowledged.
        assert next(dead.consume(queue, prefetch=1, timeout=1000)).args == (5,)
        assert connection.llen("dramatiq:default") == 0
    seen = threading.Event()

    def note(number):
        assert number == 5
        seen.set()

    with dramatiq_at_work(empty, note, heartbeat_timeout=1, maintenance_chance=1_000_000):
        assert seen.wait(PATIENCE_SECONDS)
