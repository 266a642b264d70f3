import Engine
import RESP

extension ServiceCommand {
  /// `LATENCY HISTORY|LATEST|RESET|GRAPH|DOCTOR|HISTOGRAM|HELP`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency-monitor/>
  static let latency = ServiceCommand(
    Command(
      "latency", "Groups commands about what took long.", since: "2.8.13", group: .server,
      complexity: "Depends on subcommand.", arity: .atLeast(2),
      subcommands: [
        doctorCommand, graphCommand, histogramCommand, historyCommand, latestCommand, resetCommand,
        HelpText.command(since: "2.8.13"),
      ], execution: .container),
    subcommands: [
      "doctor": { worker, connection, _, keyspace, reply in
        let threshold = worker.settings.latencyThresholdMilliseconds
        worker.withLatencies(connection, &keyspace, &reply) { histories, reply in
          reply.verbatim(
            Array(LatencyDoctor.report(histories, thresholdMilliseconds: threshold).utf8))
        }
      },
      "graph": { worker, connection, arguments, keyspace, reply in
        let event = arguments[2].string
        worker.withLatencies(connection, &keyspace, &reply) { histories, reply in
          guard let history = histories[event] else {
            return reply.error("ERR No samples available for event '\(event)'")
          }
          let graph = LatencyGraph.draw(event, history, now: WallClock.milliseconds / 1000)
          reply.verbatim(Array(graph.utf8))
        }
      },
      "histogram": { worker, connection, arguments, keyspace, reply in
        let names = (2..<arguments.count).map { arguments[$0].string.lowercased() }
        worker.server.writeHistograms(names, &reply)
      },
      "history": { worker, connection, arguments, keyspace, reply in
        let event = arguments[2].string
        worker.withLatencies(connection, &keyspace, &reply) { histories, reply in
          let samples = histories[event]?.samples ?? []
          reply.array(samples.count)
          for sample in samples {
            reply.array(2)
            reply.integer(Int(sample.time))
            reply.integer(sample.milliseconds)
          }
        }
      },
      "latest": { worker, connection, _, keyspace, reply in
        worker.withLatencies(connection, &keyspace, &reply) { histories, reply in
          reply.array(histories.count)
          for (event, history) in histories.sorted(by: { $0.key < $1.key }) {
            reply.array(4)
            reply.bulk(event)
            reply.integer(Int(history.samples.last?.time ?? 0))
            reply.integer(history.samples.last?.milliseconds ?? 0)
            reply.integer(history.worst)
          }
        }
      },
      "reset": { worker, connection, arguments, keyspace, reply in
        let events = (2..<arguments.count).map { arguments[$0].string }
        worker.everywhere(connection, &keyspace, &reply) { worker, _ in
          worker.insight.latencies.reset(events)
        } then: { gone, reply in
          reply.integer(gone.reduce(Set()) { $0.union($1) }.count)
        }
      },
      "help": { _, _, _, _, reply in HelpText.write("LATENCY", latencyHelpLines, to: &reply) },
    ])

  private static let latencyHelpLines: [StaticString] = [
    "DOCTOR",
    "    Say in words what took long, and what may help.",
    "GRAPH <event>",
    "    Draw how long an event took over time.",
    "HISTORY <event>",
    "    Return times and milliseconds of an event.",
    "LATEST",
    "    Return for each event its last and its worst time.",
    "RESET [<event> ...]",
    "    Forget some events, or all.",
    "HISTOGRAM [<command> ...]",
    "    Return how many calls of some commands, or of all, took up to how many",
    "    microseconds.",
  ]

  private static let flags: Command.Flags = [.admin, .noScript, .loading, .stale]
  private static let tips = [
    "nondeterministic_output", "request_policy:all_nodes", "response_policy:special",
  ]

  private static let doctorCommand = Command(
    "doctor", "Says in words what took long.", since: "2.8.13", group: .server, complexity: "O(1)",
    arity: .exactly(2), flags: flags, tips: tips, execution: .service)

  private static let graphCommand = Command(
    "graph", "Draws how long an event took over time.", since: "2.8.13", group: .server,
    complexity: "O(1)", arity: .exactly(3), flags: flags, tips: tips,
    arguments: [.init("event", .string)], execution: .service)

  private static let histogramCommand = Command(
    "histogram", "Returns the distribution of commands' durations.", since: "7.0.0",
    group: .server,
    complexity:
      "O(N) where N is the number of commands with latency information being retrieved.",
    arity: .atLeast(2), flags: flags, tips: tips,
    arguments: [.init("command", .string, [.optional, .multiple])], execution: .service)

  private static let historyCommand = Command(
    "history", "Returns times and milliseconds of an event.", since: "2.8.13", group: .server,
    complexity: "O(1)", arity: .exactly(3), flags: flags, tips: tips,
    arguments: [.init("event", .string)], execution: .service)

  private static let latestCommand = Command(
    "latest", "Returns for each event its last and its worst time.", since: "2.8.13",
    group: .server, complexity: "O(1)", arity: .exactly(2), flags: flags, tips: tips,
    execution: .service)

  private static let resetCommand = Command(
    "reset", "Forgets some events, or all.", since: "2.8.13", group: .server, complexity: "O(1)",
    arity: .atLeast(2), flags: flags,
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    arguments: [.init("event", .string, [.optional, .multiple])], execution: .service)
}

extension Worker {
  /// Replies with what `body` writes of all workers' events.
  fileprivate func withLatencies(
    _ connection: Connection, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter,
    _ body: @escaping @Sendable ([String: LatencyEvents.History], inout ReplyWriter) -> Void
  ) {
    everywhere(connection, &keyspace, &reply) { worker, _ in
      worker.insight.latencies
    } then: { parts, reply in
      body(LatencyEvents.merge(parts), &reply)
    }
  }
}
