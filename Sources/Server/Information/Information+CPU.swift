import Glibc

extension Information {
  mutating func writeCPU() {
    title("CPU")
    write(usage(Int32(RUSAGE_SELF.rawValue)), suffix: "")
    write(usage(RUSAGE_CHILDREN.rawValue), suffix: "_children")
    // The first shard's: the process' own main thread only waits for signals.
    if let first = reports.first {
      field("used_cpu_sys_main_thread", HumanText.fixed(Double(first.systemMicroseconds) / 1e6, 6))
      field("used_cpu_user_main_thread", HumanText.fixed(Double(first.userMicroseconds) / 1e6, 6))
    }
  }

  private mutating func write(_ usage: rusage, suffix: String) {
    field("used_cpu_sys\(suffix)", seconds(usage.ru_stime))
    field("used_cpu_user\(suffix)", seconds(usage.ru_utime))
  }

  private func usage(_ whose: __rusage_who_t) -> rusage {
    var usage = rusage()
    unsafe getrusage(whose, &usage)
    return usage
  }

  private func seconds(_ time: timeval) -> String {
    HumanText.fixed(Double(time.tv_sec) + Double(time.tv_usec) / 1e6, 6)
  }
}
