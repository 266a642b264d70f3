import Glibc
import ServerConfig

extension MartletStore {
  /// How a store is opened.
  public struct Configuration: Sendable {
    /// Threads, each with a part of the keys.
    public var shards: Int
    /// What is kept on disk; nil for nothing.
    public var persistence: Persistence?
    /// Listens here on 127.0.0.1, so that redis-cli can look into the running program; nil for not at all.
    public var port: Int?
    /// What FCALL and ``MartletStore/call(_:keys:arguments:)`` can call.
    public var procedures: [Procedure]

    public init(
      shards: Int = 1, persistence: Persistence? = nil, port: Int? = nil,
      procedures: [Procedure] = []
    ) {
      self.procedures = procedures
      self.shards = shards
      self.persistence = persistence
      self.port = port
    }
  }

  /// What a store keeps on disk.
  public struct Persistence: Sendable {
    /// Where the files are; made if it is not there. No two stores may share one.
    public var directory: String
    /// Whether each change is appended to a log; else there are snapshots only.
    public var log: LogSync?

    /// When the log's changes are safe on disk.
    public enum LogSync: String, Sendable {
      /// Before the call returns.
      case always
      /// At most a second later.
      case everySecond = "everysec"
      /// When the kernel sees fit.
      case system = "no"
    }

    public init(directory: String, log: LogSync? = .everySecond) {
      self.directory = directory
      self.log = log
    }
  }
}

extension MartletStore.Configuration {
  func directives() throws(MartletError) -> ServerConfig.Configuration {
    guard (1...1024).contains(shards) else { throw .cannotOpen("\(shards) shards") }
    var directives = ServerConfig.Configuration()
    directives[.shards] = shards
    directives[.logfile] = "/dev/null"
    directives[.port] = port ?? 0
    directives.bindAddresses = port == nil ? [] : ["127.0.0.1"]
    directives.savePoints = []
    if let persistence {
      let directory = persistence.directory
      guard directory.hasPrefix("/") else { throw .cannotOpen("\(directory) is no absolute path") }
      guard unsafe mkdir(directory, 0o755) == 0 || errno == EEXIST else {
        throw .cannotOpen("can't make \(directory): errno \(errno)")
      }
      directives[.dbfilename] = "\(directory)/dump.rdb"
      directives[.appenddirname] = "\(directory)/appendonlydir"
      if let sync = persistence.log {
        directives[.appendonly] = true
        directives[.appendfsync] = sync.rawValue
      }
    } else {
      directives[.dbfilename] = "/dev/null/none"
    }
    return directives
  }
}
