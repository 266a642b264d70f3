import Engine
import Persistence
import RESP

/// What a worker needs of the configuration, copied to each thread when it changes.
struct WorkerSettings: Sendable {
  var parserLimits = RequestParser.Limits()
  /// `client-query-buffer-limit`.
  var queryBufferBytesMax = 1 << 30
  /// `pipeline-order strict`.
  var isPipelineStrict = false
  /// `arrival-batch-usec`.
  var arrivalBatchNanoseconds: UInt64 = 0
  var outputLimits = OutputLimits()
  var pubsubOutputLimits = OutputLimits()
  /// `timeout`, 0 for none.
  var idleSecondsMax = 0
  /// `tcp-keepalive`, 0 for none.
  var keepaliveSeconds = 300
  /// `latency-tracking`.
  var tracksLatency = true
  /// `appendfsync`.
  var journalPolicy = Journal.Policy.everysec
  /// `rdb-key-save-delay`, `key-load-delay`: for tests.
  var saveDelayMicroseconds = 0
  var loadDelayMicroseconds = 0
  /// `aof-timestamp-enabled`.
  var stampsJournal = false
  var logLimits = CommandLogLimits()
  /// `latency-monitor-threshold`, 0 for off.
  var latencyThresholdMilliseconds = 0
  /// `busy-reply-threshold`: how long a script goes on before others are refused.
  var busyMilliseconds = 5000
  var keyspace = Keyspace.Options()
  var memory = MemoryLimits()

  /// How much a reply may take before its client is cut off for it.
  func readableMax(isSubscriber: Bool) -> Int {
    let bytes = (isSubscriber ? pubsubOutputLimits : outputLimits).hardBytes
    return bytes == 0 ? .max : bytes
  }

  /// The directives about memory that workers go by.
  struct MemoryLimits: Sendable {
    /// `maxmemory`, 0 for none.
    var bytesMax = 0
    /// `maxmemory-eviction-tenacity`, in nanoseconds of a turn.
    var evictionNanoseconds: UInt64 = 500_000
    /// `maxmemory-clients` in bytes, 0 for none.
    var clientBytesMax = 0
    /// `activedefrag` and its like.
    var defragmentation = DefragmentationLimits()
  }

  /// When blocks are moved, and how much time that may take.
  struct DefragmentationLimits: Sendable {
    /// `activedefrag`.
    var isEnabled = false
    /// `active-defrag-ignore-bytes`.
    var ignoredBytes = 100 << 20
    /// `active-defrag-threshold-lower` and `-upper`: percent of what is allocated.
    var thresholds = 10...100
    /// `active-defrag-cycle-min` and `-max`: percent of a processor's time.
    var effort = 1...25
    /// `active-defrag-cycle-us`.
    var sliceNanoseconds: UInt64 = 250_000
  }

  /// `client-output-buffer-limit` of one class of clients; 0 means no limit.
  struct OutputLimits: Sendable {
    var hardBytes = 0
    var softBytes = 0
    var softSeconds = 0
  }
}

/// What a worker counts about its sockets.
struct TrafficStatistics: Sendable {
  var receivedByteCount = 0
  var sentByteCount = 0
  var acceptedConnections = 0
  var rejectedConnections = 0
  var queryBufferDisconnections = 0
  var outputBufferDisconnections = 0
  /// Closed because all clients together used more than `maxmemory-clients`.
  var evictedClients = 0
  /// Parcels sent to other shards, and the commands in them.
  var parcelCount = 0
  var foreignCommandCount = 0
  /// Transactions over shards, or that had to wait for others.
  var transactionCount = 0
  var turnCount = 0
  /// How long turns took, and of that, executing commands; in processor ticks.
  var turnTicks: UInt64 = 0
  var executionTicks: UInt64 = 0
  /// Arrivals of bytes, and sends that are done.
  var readCount = 0
  var writeCount = 0
  var expireNanoseconds: UInt64 = 0
}
