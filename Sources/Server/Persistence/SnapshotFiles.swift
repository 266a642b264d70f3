import EventLoop
import Persistence
import RESP
import ServerConfig

/// Where a snapshot is: one file, or one a shard and a manifest that names them (`snapshot-format`).
struct SnapshotFiles {
  /// `dbfilename`.
  let name: String

  private var manifestPath: String { "\(name).manifest" }

  /// What is not complete yet.
  static func temporaryNames(_ stem: String, shardCount: Int) -> [String] {
    [stem] + (0..<shardCount).map { "\(stem).\($0)" }
  }

  /// The files of a snapshot of several; nil if there is none.
  func parts() throws -> AppendOnlyManifest? {
    guard Files.exists(manifestPath) else { return nil }
    let text = try MappedFile(manifestPath).contents()
    return try AppendOnlyManifest(parsing: String(decoding: text, as: UTF8.self))
  }

  /// The paths to read, in any order; empty if there is no snapshot.
  func paths() throws -> [String] {
    if let parts = try parts() { return parts.files.map(\.name) }
    return Files.exists(name) ? [name] : []
  }

  /// One complete file takes the place of what was there.
  func install(_ temporary: String) throws(SystemError) {
    let old = try? parts()
    try Files.rename(temporary, to: name)
    guard let old else { return }
    try Files.remove(manifestPath)
    try Files.syncDirectory(ofFile: manifestPath)
    for file in old.files { try Files.remove(file.name) }
  }

  /// Complete files, one a shard, take the place of what was there, all at once.
  func install(parts temporary: [String]) throws(SystemError) {
    let old = try? parts()
    let sequence = (old?.lastSequence(.base) ?? 0) + 1
    let stem = name.hasSuffix(".rdb") ? String(name.dropLast(4)) : name
    var manifest = AppendOnlyManifest()
    for (shard, path) in temporary.enumerated() {
      let part = "\(stem).s\(shard).\(sequence).rdb"
      try Files.rename(path, to: part)
      manifest.files.append(.init(name: part, sequence: sequence, kind: .base, shard: shard))
    }
    try Files.replace(manifestPath, with: Array(manifest.text.utf8))
    for file in old?.files ?? [] { try Files.remove(file.name) }
  }
}
