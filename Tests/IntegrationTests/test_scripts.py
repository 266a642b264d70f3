"""Scripts over real sockets, with one shard and with three: atomic whatever keys they use, and never in the way for long."""
import random
import threading

import pytest
import redis

from support.resp import encode
from test_transactions import ACCOUNTS, client, empty, run_all  # noqa: F401

DECLARED = """
local from = tonumber(redis.call('GET', KEYS[1]))
if from < tonumber(ARGV[1]) then return 0 end
redis.call('DECRBY', KEYS[1], ARGV[1])
redis.call('INCRBY', KEYS[2], ARGV[1])
return 1
"""
# The same with names that the text does not declare.
UNDECLARED = DECLARED.replace("KEYS[1]", "ARGV[2]").replace("KEYS[2]", "ARGV[3]")


def test_transfers_conserve_the_total(empty):
    with client(empty) as setup:
        setup.mset({account: 100 for account in ACCOUNTS})
    done = threading.Event()
    sums = set()

    def transfer(seed):
        draw = random.Random(seed)
        try:
            with client(empty) as connection:
                for _ in range(150):
                    source, target = draw.sample(ACCOUNTS, 2)
                    if draw.random() < 0.5:
                        connection.eval(DECLARED, 2, source, target, draw.randint(1, 50))
                    else:
                        connection.eval(UNDECLARED, 0, draw.randint(1, 50), source, target)
        finally:
            if seed == 0:
                done.set()

    def watch():
        with client(empty) as connection:
            while not done.is_set():
                sums.add(sum(map(int, connection.mget(ACCOUNTS))))

    run_all(*(lambda seed=seed: transfer(seed) for seed in range(4)), watch)
    assert sums <= {100 * len(ACCOUNTS)}


def test_a_slow_script_lets_others_answer_busy_and_can_be_killed(empty):
    with client(empty) as connection, client(empty) as other:
        other.config_set("busy-reply-threshold", 20)
        outcome = []

        def loop():
            with pytest.raises(redis.ResponseError, match="killed by user"):
                connection.eval("while true do pcall(function() while true do end end) end", 0)
            outcome.append(True)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            while True:
                try:
                    other.ping()
                except redis.exceptions.ResponseError as error:
                    assert "BUSY" in str(error)
                    break
            assert other.execute_command("SCRIPT KILL") in (b"OK", "OK", True)
        finally:
            thread.join(10)
        assert outcome
        while True:
            try:
                assert other.ping()
                break
            except redis.exceptions.ResponseError:
                pass
        other.config_set("busy-reply-threshold", 5000)


def test_a_slow_script_on_another_shard_can_be_killed(empty):
    """Whichever shard the key is on, and whichever the client: what was sent behind the script waits for its end."""
    with client(empty) as other:
        other.config_set("busy-reply-threshold", 10)
        try:
            for key in ACCOUNTS[:6]:
                with empty.connect() as connection:
                    loop = encode(("EVAL", "while true do redis.call('GET', KEYS[1]) end", "1", key))
                    connection.send(loop + encode(("SET", key, "after")))
                    killed = False
                    while not killed:
                        try:
                            killed = other.execute_command("SCRIPT KILL") is not None
                        except redis.exceptions.ResponseError as error:
                            assert "NOTBUSY" in str(error)
                    assert b"killed by user" in connection.read().value
                    assert connection.read().plain() == b"OK"
                    assert connection("GET", key).plain() == b"after"
        finally:
            other.config_set("busy-reply-threshold", 5000)


def test_time_stands_still_on_all_shards(empty):
    with client(empty) as connection:
        script = """
            for index = 1, #ARGV do redis.call('SET', ARGV[index], 'x', 'PX', 2) end
            local start, count = os.clock(), 0
            while os.clock() - start < 0.01 do end
            for index = 1, #ARGV do count = count + redis.call('EXISTS', ARGV[index]) end
            return count
        """
        assert connection.eval(script, 0, *ACCOUNTS) == len(ACCOUNTS)
        while connection.exists(*ACCOUNTS):
            pass


def test_scripts_in_transactions(empty):
    with client(empty) as connection, connection.pipeline() as pipeline:
        pipeline.set("a", 1)
        pipeline.eval("return redis.call('INCR', KEYS[1])", 1, "a")
        pipeline.eval("redis.call('SET', 'b', 7) return redis.call('GET', 'b')", 0)
        pipeline.get("a")
        assert pipeline.execute() == [True, 2, "7", "2"]


def test_a_lock_of_redis_py(empty):
    with client(empty) as connection:
        lock = connection.lock("lock", timeout=10)
        assert lock.acquire(blocking=False)
        assert not connection.lock("lock", timeout=10).acquire(blocking=False)
        assert lock.extend(5) and lock.reacquire()
        lock.release()
        with pytest.raises(redis.exceptions.LockError):
            lock.release()


def test_functions_are_known_to_all_threads(empty):
    with client(empty) as connection:
        connection.function_load(
            "#!lua name=lib\n"
            "redis.register_function('store', function(keys, args) "
            "return redis.call('SET', keys[1], args[1]) end)",
            replace=True,
        )
    for number in range(6):
        with client(empty) as connection:
            connection.fcall("store", 1, f"key{number}", number)
            assert connection.get(f"key{number}") == str(number)
    with client(empty) as connection:
        connection.function_flush()
        with pytest.raises(redis.ResponseError, match="Function not found"):
            connection.fcall("store", 1, "k", "v")


@pytest.mark.parametrize("script", [
    "return string.rep('x', 2e9)",
    "local function f() return f() + 1 end return f()",
    "local t = {} while true do t[#t + 1] = string.rep('x', 1e6) .. #t end",
    "return load(string.dump(function() end))()",
    "redis.call = nil",
    "return os.execute('true')",
])
def test_hostile_scripts_fail_and_leave_the_server_well(empty, script):
    with client(empty) as connection:
        with pytest.raises(redis.ResponseError):
            connection.eval(script, 0)
        assert connection.ping()
        assert connection.eval("return 1", 0) == 1


def test_scripts_answer_in_the_protocol_of_their_client_wherever_they_run(empty):
    for protocol, nothing, pairs in ((2, b"$-1", b"*2"), (3, b"_", b"%1")):
        with empty.connect() as connection:
            if protocol == 3:
                connection("HELLO", 3)
            for key in range(20):
                assert connection.raw("EVAL", "return redis.call('GET', KEYS[1])", 1, key).startswith(nothing)
                assert connection.raw("EVAL", "return {map = {[KEYS[1]] = 1}}", 1, key).startswith(pairs)
