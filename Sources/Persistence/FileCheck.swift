import Engine
import EventLoop
import RESP

/// Looks files through without a server: `--check-rdb` and `--check-aof`.
package struct FileCheck {
  /// What there is to tell, a line each.
  package private(set) var lines: [String] = []
  /// Nothing is wrong, or it has been put right.
  package private(set) var isSound = true
  private let fixes: Bool
  private let now: Int64
  private var options = Keyspace.Options()

  /// - Parameters:
  ///   - fixes: cuts append-only files where they are whole.
  ///   - now: milliseconds since 1970.
  package init(fixes: Bool = false, now: Int64) {
    self.fixes = fixes
    self.now = now
    options.databaseCount = 1 << 20
  }

  private mutating func fail(_ line: String) {
    isSound = false
    lines.append(line)
  }

  private mutating func open(_ path: String) -> MappedFile? {
    do throws(SystemError) { return try MappedFile(path) } catch {
      fail("Cannot open file \(path): \(error.reason)")
      return nil
    }
  }

  // MARK: RDB

  package mutating func checkRDB(_ path: String) {
    guard let file = open(path) else { return }
    lines.append("[offset 0] Checking RDB file \(path)")
    guard let end = checkRDB(file) else { return }
    if end < file.byteCount { lines.append("[offset \(end)] \(file.byteCount - end) bytes follow that are no part of it") }
    lines.append("[offset \(end)] \\o/ RDB looks OK! \\o/")
  }

  /// - Returns: where it ends; nil if it is broken.
  private mutating func checkRDB(_ file: MappedFile) -> Int? {
    var counts: [String: Int] = [:]
    var expiring = 0
    var expired = 0
    do throws(RDBError) {
      var reader = try RDBFileReader(file.bytes, options: options, seed: 0, now: nil)
      reading: while true {
        let offset = reader.offset
        switch try reader.next() {
        case .entry(let entry, _):
          counts["\(entry.type.name)", default: 0] += 1
          if let expiry = entry.expiry {
            expiring += 1
            if expiry <= now { expired += 1 }
          }
        case .empty: counts["empty", default: 0] += 1
        case .auxiliary(let name, let value): lines.append("[offset \(offset)] AUX FIELD \(name) = '\(value)'")
        case .function: counts["function library", default: 0] += 1
        case .expired: expired += 1
        case .end: break reading
        }
      }
      try reader.finish(verifies: true)
      lines.append("[offset \(reader.offset)] Checksum OK")
      lines.append("[info] \(counts.values.reduce(0, +)) keys read")
      lines.append("[info] \(expiring) expires")
      lines.append("[info] \(expired) already expired")
      for (kind, count) in counts.sorted(by: { $0.key < $1.key }) { lines.append("[info] \(count) of type \(kind)") }
      return reader.offset
    } catch {
      fail("--- RDB ERROR DETECTED ---")
      fail("[offset \(error.offset)] expected \(error.expected)")
      lines.append("[additional info] \(counts.values.reduce(0, +)) keys were read before")
      return nil
    }
  }

  // MARK: Append-only files

  /// A log, a manifest, or a directory with one.
  package mutating func checkAppendOnly(_ path: String) {
    let names = Files.names(in: path)
    if let manifest = names.first(where: { $0.hasSuffix(".manifest") }) {
      return checkManifest("\(path)/\(manifest)", in: path)
    }
    if path.hasSuffix(".manifest") {
      let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      return checkManifest(path, in: directory)
    }
    _ = checkLog(path, mayEndTorn: true)
  }

  private mutating func checkManifest(_ path: String, in directory: String) {
    guard let file = open(path) else { return }
    let manifest: AppendOnlyManifest
    do throws(AppendOnlyManifest.Malformed) {
      manifest = try AppendOnlyManifest(parsing: String(decoding: file.contents(), as: UTF8.self))
    } catch { return fail("\(path), line \(error.line): \(error.reason)") }
    lines.append("Start checking the files of \(manifest.shardCount) shard(s) that \(path) names.")
    let logs = (0..<manifest.shardCount).map { checkLogs(of: $0, manifest, in: directory, mayEndTorn: true) }
    if manifest.isContinued {
      let isLast = logs.joined().allSatisfy { $0.file.byteCount == 0 }
      _ = checkLogs(of: nil, manifest, in: directory, mayEndTorn: isLast)
    }
    guard isSound else { return }
    do throws(LogReplay.Mismatch) {
      let replay = try LogReplay(logs)
      if replay.abandonedCount > 0 {
        lines.append("\(replay.abandonedCount) transactions over several shards are not complete: a server leaves them out")
      }
      lines.append("All AOF files and manifest are valid")
    } catch { fail("The logs do not have the same commands for all shards: \(error.counts)") }
  }

  /// - Parameter mayEndTorn: nothing comes behind the last of them.
  /// - Returns: those that are sound.
  private mutating func checkLogs(
    of shard: Int?, _ manifest: AppendOnlyManifest, in directory: String, mayEndTorn: Bool
  ) -> [LogReplay.Input] {
    var inputs: [LogReplay.Input] = []
    if let base = manifest.base(ofShard: shard), let input = checkLog("\(directory)/\(base.name)", mayEndTorn: false) {
      inputs.append(input)
    }
    let increments = manifest.increments(ofShard: shard)
    for (index, increment) in increments.enumerated() {
      let isLast = mayEndTorn && index == increments.count - 1
      if let input = checkLog("\(directory)/\(increment.name)", mayEndTorn: isLast) { inputs.append(input) }
    }
    return inputs
  }

  /// - Parameter mayEndTorn: it is the last of its shard, so it may be cut.
  /// - Returns: what is whole of it; nil if it is broken.
  private mutating func checkLog(_ path: String, mayEndTorn: Bool) -> LogReplay.Input? {
    guard let file = open(path) else { return nil }
    var start = 0
    if RDBFileReader.hasMagic(file.bytes) {
      lines.append("[offset 0] Checking RDB part of \(path)")
      guard let end = checkRDB(file) else { return nil }
      start = end
    }
    do throws(AppendOnlyScan.Failure) {
      let scan = try AppendOnlyScan(file.bytes, from: start)
      let rest = file.byteCount - scan.validByteCount
      lines.append(
        "AOF analyzed: filename=\(path), size=\(file.byteCount), ok_up_to=\(scan.validByteCount), diff=\(rest), records=\(scan.recordCount)"
      )
      if scan.isTorn { cut(file, to: scan.validByteCount, "ends in the middle of a record or transaction", mayEndTorn) }
      return LogReplay.Input(file: file, start: start, scan: scan)
    } catch {
      cut(file, to: error.validByteCount, "offset \(error.offset): expected \(error.expected)", mayEndTorn)
      return nil
    }
  }

  private mutating func cut(_ file: MappedFile, to byteCount: Int, _ reason: String, _ mayCut: Bool) {
    guard fixes, mayCut else {
      return fail(
        "AOF \(file.path) is not valid: \(reason). "
          + (mayCut ? "Use the --fix option to cut it at \(byteCount)." : "Others follow it, so it can't be cut."))
    }
    do throws(SystemError) {
      try Files.truncate(file.path, to: byteCount)
      lines.append("Successfully truncated AOF \(file.path) at \(byteCount): \(reason)")
    } catch { fail("Failed to truncate AOF \(file.path): \(error.reason)") }
  }
}
