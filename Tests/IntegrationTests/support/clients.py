"""Client processes: several clients of one server that do not share an interpreter."""
import multiprocessing
import os
import traceback

from .resp import Connection


def run_processes(address, bodies, timeout=300):
    """Runs each `(function, arguments)` in a process of its own, all at the same time, and returns what they return.

    A function is called with a factory of connections first: `function(connect, *arguments)`. They start together,
    when all processes are up.
    """
    context = multiprocessing.get_context("fork")
    start = context.Barrier(len(bodies))
    ends, processes = [], []
    for function, arguments in bodies:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(sender, start, address, function, arguments), daemon=True)
        process.start()
        sender.close()
        ends.append(receiver)
        processes.append(process)
    try:
        results = []
        for receiver in ends:
            assert receiver.poll(timeout), "a client waits for ever"
            failure, result = receiver.recv()
            assert failure is None, failure
            results.append(result)
        return results
    finally:
        for process in processes:
            process.kill()
            process.join()


def _run(sender, start, address, function, arguments):
    try:
        start.wait()
        sender.send((None, function(lambda: Connection(address), *arguments)))
    except BaseException:
        sender.send((traceback.format_exc(), None))
    sender.close()
    # Without the clean-up of the test run it was forked from.
    os._exit(0)
