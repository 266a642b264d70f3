import Engine
import RESP
import Shard

extension Worker {
  /// Replies with the distribution of the durations of commands: by name, a container's name for all its
  /// subcommands, or all that were called.
  func replyWithHistograms(
    _ names: [String], _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    let chosen = server.commandIndices(named: names)
    let server = self.server
    everywhere(connection, &keyspace, &reply) { worker, _ in
      chosen.map { unsafe worker.statistics.counters[$0] }
    } then: { parts, reply in
      var called: [(name: String, counter: CommandStatistics.Counter)] = []
      for (ordinal, command) in chosen.enumerated() {
        var total = CommandStatistics.Counter()
        for part in parts {
          total.calls += part[ordinal].calls
          total.latencies.add(part[ordinal].latencies)
        }
        if total.latencies.count > 0 { called.append((server.table.fullNames[command], total)) }
      }
      reply.map(called.count)
      for (name, counter) in called {
        reply.bulk(name)
        reply.map(2)
        reply.bulk("calls")
        reply.integer(counter.latencies.count)
        reply.bulk("histogram_usec")
        let steps = HistogramSteps.steps(of: counter.latencies, ticksPerMicrosecond: server.tickClock.rate)
        reply.map(steps.count)
        for (microseconds, count) in steps {
          reply.integer(microseconds)
          reply.integer(count)
        }
      }
    }
  }
}

extension ServerContext {
  fileprivate func commandIndices(named names: [String]) -> [Int] {
    guard !names.isEmpty else { return Array(table.fullNames.indices) }
    return names.flatMap { name in
      table.fullNames.indices.filter {
        table.fullNames[$0] == name || table.fullNames[$0].hasPrefix("\(name)|")
      }
    }
  }
}

/// The steps of LATENCY HISTOGRAM: powers of two from 1024 nanoseconds on, each with how many calls took no
/// longer.
enum HistogramSteps {
  static func steps(
    of histogram: LatencyHistogram, ticksPerMicrosecond rate: Double
  ) -> [(microseconds: Int, count: Int)] {
    var steps: [(microseconds: Int, count: Int)] = []
    var power = 1024
    for (ticks, count) in histogram.cumulative {
      let nanoseconds = Double(ticks) / rate * 1000
      while Double(end(of: power)) < nanoseconds, power < 1 << 60 { power *= 2 }
      let microseconds = end(of: power) / 1000
      if steps.last?.microseconds == microseconds {
        steps[steps.count - 1].count = count
      } else {
        steps.append((microseconds, count))
      }
    }
    return steps
  }

  /// Redis' histograms have two significant digits: a step ends where the next value that they tell apart begins.
  private static func end(of power: Int) -> Int { power + power >> 7 - 1 }
}
