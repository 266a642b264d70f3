import Engine
import RESP
import Shard

extension ServerContext {
  /// Replies with the distribution of the durations of commands: by name, a container's name for all its
  /// subcommands, or all that were called.
  func writeHistograms(_ names: [String], _ reply: inout ReplyWriter) {
    var called: [(name: String, latencies: LatencyHistogram)] = []
    for command in commandIndices(named: names) {
      var total = CommandCounters.Counts()
      for worker in workers { worker.counters.add(command, to: &total) }
      if total.latencies.count > 0 { called.append((table.fullNames[command], total.latencies)) }
    }
    reply.map(called.count)
    for (name, latencies) in called {
      reply.bulk(name)
      reply.map(2)
      reply.bulk("calls")
      reply.integer(latencies.count)
      reply.bulk("histogram_usec")
      let steps = HistogramSteps.steps(of: latencies, ticksPerMicrosecond: tickClock.rate)
      reply.map(steps.count)
      for (microseconds, count) in steps {
        reply.integer(microseconds)
        reply.integer(count)
      }
    }
  }

  private func commandIndices(named names: [String]) -> [Int] {
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
