/// LATENCY DOCTOR: what was seen, and what may help, in words.
enum LatencyDoctor {
  static func report(
    _ histories: [String: LatencyEvents.History], thresholdMilliseconds: Int
  ) -> String {
    if histories.isEmpty {
      return thresholdMilliseconds == 0
        ? """
        Latency monitoring is disabled on this server. CONFIG SET latency-monitor-threshold <milliseconds> \
        switches it on.\n
        """
        : "Nothing has taken \(thresholdMilliseconds) ms or longer so far. That is as it should be.\n"
    }
    var text = "These events took \(thresholdMilliseconds) ms or longer:\n\n"
    for (number, (event, history)) in histories.sorted(by: { $0.key < $1.key }).enumerated() {
      text += "\(number + 1). \(describe(event, history))\n"
    }
    text += "\nWhat may help:\n\n"
    for advice in advices(histories) { text += "- \(advice)\n" }
    return text
  }

  private static func describe(_ event: String, _ history: LatencyEvents.History) -> String {
    let values = history.samples.map { Double($0.milliseconds) }
    let mean = values.reduce(0, +) / Double(max(values.count, 1))
    let deviation =
      values.reduce(0) { $0 + ($1 - mean).magnitude } / Double(max(values.count, 1))
    let spread = (history.samples.last?.time ?? 0) - (history.samples.first?.time ?? 0)
    let period = Double(spread) / Double(max(values.count - 1, 1))
    return "\(event): \(values.count) latency spikes (average \(Int(mean))ms, mean deviation "
      + "\(Int(deviation))ms, period \(HumanText.fixed(period, 2)) sec). "
      + "Worst all time event \(history.worst)ms."
  }

  private static func advices(_ histories: [String: LatencyEvents.History]) -> [String] {
    var advices: [String] = []
    let names = Set(histories.keys)
    if !names.isDisjoint(with: ["command", "fast-command", "turn-command"]) {
      advices.append("SLOWLOG GET shows which commands are slow, and who sends them.")
      advices.append(
        "Commands that take time in proportion to the size of a value are best used on small values.")
    }
    if names.contains("fast-command") {
      advices.append(
        "A fast command that takes long was probably interrupted: is the machine overloaded, or does it swap?")
    }
    if names.contains("turn-batch") {
      advices.append(
        "Pipelines of many thousands of commands make others wait: send them in smaller parts, or use more shards."
      )
    }
    if !names.isDisjoint(with: ["expire-cycle", "turn-cron", "turn-background"]) {
      advices.append(
        "Expiry and freeing work in slices of half a millisecond: if those take longer, the machine is overloaded.")
    }
    if !names.isDisjoint(with: ["turn-mail", "turn-input", "turn-output", "turn-timers", "turn-jobs"]) {
      advices.append(
        "A thread was held up apart from commands: INFO shards shows which one, and docs/observability.md why.")
    }
    return advices
  }
}
