import Persistence

/// `--check-rdb` and `--check-aof`: the process looks at files, and starts no server.
extension ServerProcess {
  /// - Returns: the exit code, 0 if nothing is wrong; nil if the words ask for something else.
  static func check(_ words: [String]) -> Int32? {
    guard let option = words.first, option == "--check-rdb" || option == "--check-aof" else { return nil }
    let fixes = words.contains("--fix")
    let paths = words.dropFirst().filter { $0 != "--fix" }
    guard paths.count == 1, !fixes || option == "--check-aof" else {
      print("Usage: martlet-server --check-rdb FILE\n       martlet-server --check-aof FILE|DIRECTORY [--fix]")
      return 1
    }
    var check = FileCheck(fixes: fixes, now: WallClock.milliseconds)
    if option == "--check-rdb" { check.checkRDB(paths[0]) } else { check.checkAppendOnly(paths[0]) }
    for line in check.lines { print(line) }
    return check.isSound ? 0 : 1
  }
}
