import Glibc

enum WallClock {
  /// Milliseconds since 1970.
  static var milliseconds: Int64 { microseconds / 1000 }

  /// Microseconds since 1970.
  static var microseconds: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}
