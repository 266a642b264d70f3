import Coordinator
import Engine
import EventLoop
import RESP
import Shard

/// One client's connection: its bytes in both directions, and what it told the server about itself.
///
/// It belongs to the worker that accepted it and is touched on that worker's loop only.
final class Connection: @unchecked Sendable {
  // Unchecked: confined to its worker's loop. Tasks that answer a suspended connection run there too.

  /// As CLIENT ID gives it: unique for the server's life.
  let id: UInt64
  let descriptor: Int32
  /// Where the worker keeps it, and which of the slot's users it is.
  let handle: ConnectionHandle
  let address: SocketAddresses
  /// Seconds since 1970.
  let createdAt: Int64

  private let buffers = Buffers()

  // Input
  @inline(__always) var input: InputBuffer {
    _read { yield unsafe buffers.parts.pointee.input }
    _modify { yield unsafe &buffers.parts.pointee.input }
  }
  @inline(__always) var parser: RequestParser {
    _read { yield unsafe buffers.parts.pointee.parser }
    _modify { yield unsafe &buffers.parts.pointee.parser }
  }
  var isReceiving = false
  /// How many bytes the unfinished command at the input's end is known to lack.
  var missingInputByteCount = 0

  // Output
  @inline(__always) var output: ReplyWriter {
    _read { yield unsafe buffers.parts.pointee.output }
    _modify { yield unsafe &buffers.parts.pointee.output }
  }
  @inline(__always) var sending: ReplyWriter {
    _read { yield unsafe buffers.parts.pointee.sending }
    _modify { yield unsafe &buffers.parts.pointee.sending }
  }
  var isSending = false
  /// Replies to changes that are on their way to the disk, and up to where of the journal they wait.
  @inline(__always) var held: ReplyWriter {
    _read { yield unsafe buffers.parts.pointee.held }
    _modify { yield unsafe &buffers.parts.pointee.held }
  }
  var heldUntil: UInt64 = 0
  /// Takes the replies, where there is no socket behind it. It empties the buffer it is given, or leaves another one.
  var sink: ((inout ReplyWriter) -> Void)?
  /// Hears of the connection's end.
  var closed: (() -> Void)?
  /// Its commands come from the server's own files.
  var isReplay = false
  @inline(__always) var replies: PendingReplies {
    _read { yield unsafe buffers.parts.pointee.replies }
    _modify { yield unsafe &buffers.parts.pointee.replies }
  }
  /// How large a buffer for replies it keeps when it has nothing to send.
  var keptOutputByteCount = Connection.keptOutputBytesMax
  /// Its largest reply, or batch of them, since the size above was last looked at.
  var outputPeak = 0
  static let keptOutputBytesMax = 16 * 1024
  static let keptOutputBytesMin = 1024
  /// Messages that came while a reply was being written; they follow it.
  @inline(__always) var pushes: ReplyWriter {
    _read { yield unsafe buffers.parts.pointee.pushes }
    _modify { yield unsafe &buffers.parts.pointee.pushes }
  }

  // Where it stands
  /// A run of its commands waits for execution in this turn.
  var isScheduled = false
  /// A command of it is being worked on elsewhere; the next ones wait.
  var isSuspended = false
  /// Its transactions that are under way while it goes on; nil as long as there never were any.
  var spread: SpreadFlight?
  /// There are some: its next command has to look at them.
  var isSpread = false { didSet { updatePlainness() } }
  /// The commands since MULTI.
  var multi: MultiState? { didSet { updatePlainness() } }
  /// What it watches, one for each shard that has some of the keys.
  var watches: [Watch] = []
  /// The call that waits for one of its keys.
  var blocked: BlockedCall?
  var blockTimer: TimerID?
  /// The shards that have commands of it and have not replied.
  @exclusivity(unchecked)
  var shardsAsked = AskedShards.none
  /// A suspended service command; it counts when it is over.
  var suspendedCall: SuspendedCall?
  /// Takes the reply of a suspended service command that is part of a transaction.
  var replyCapture: (([UInt8]) -> Void)?
  /// What such a command has replied so far.
  var capturedParts: [UInt8] = []
  /// The transaction that the service command which runs now is part of.
  var hops: (any ScriptHops)?
  /// The place of the reply of the service command that runs now, if its client may go on before it is over.
  var overlapPlace: Int?
  /// It stands for a client of another shard.
  var visit: Visit?
  /// Ends the wait of a suspended command early, as when the connection closes.
  var stopWaiting: (() -> Void)?
  /// CLIENT PAUSE holds its next command back.
  var isPaused = false
  /// No more commands are taken; the socket closes once the replies are out.
  var isClosing = false
  /// It reads too slowly: its next commands wait until it has.
  var isThrottled = false
  /// The peer has sent its last byte; what it sent is still answered.
  var hasPeerClosed = false
  var isShutDown = false
  /// Its commands run at this moment: its output is with them.
  var isRunning = false
  /// It publishes faster than other threads deliver: its next commands wait.
  var isFlooding = false
  /// It has output or a state that the end of the turn must look at.
  var isTouched = false

  // What the client chose
  var database = 0
  /// 2 or 3, as HELLO chose.
  var protocolVersion = 2 { didSet { updatePlainness() } }
  var isAuthenticated = true { didSet { updatePlainness() } }
  var name: [UInt8] = []
  var libraryName: [UInt8] = []
  var libraryVersion: [UInt8] = []
  var replyMode = ReplyMode.on { didSet { updatePlainness() } }
  var subscriptions = Subscriptions()
  /// CLIENT TRACKING, nil while off.
  var tracking: TrackingState? { didSet { updatePlainness() } }
  /// `subscriptions` is not empty.
  var isSubscriber = false { didSet { updatePlainness() } }
  var isExemptFromEviction = false
  var leavesAccessClocks = false
  /// SCRIPT DEBUG: the next script is run step by step.
  var isDebugging = false { didSet { updatePlainness() } }
  /// The script that it runs step by step; its commands are about this one.
  var debuggedRun: ScriptRun?
  /// MONITOR.
  var isMonitor = false { didSet { updatePlainness() } }

  // Counted
  /// Its part of what the worker's clients take.
  var countedByteCount = 0
  var arrivals = ArrivalBatching.Mark()
  var lastInteraction: UInt64
  var lastCommand = -1
  var lastSubcommand: String?
  var commandCount = 0
  var receivedByteCount = 0
  var sentByteCount = 0
  /// When output first exceeded the soft limit, in monotonic nanoseconds.
  var softLimitSince: UInt64?

  /// Of which shards replies are missing.
  enum AskedShards: Equatable {
    case none
    case one(Int)
    case several

    @inline(__always)
    mutating func insert(_ shard: Int) {
      switch self {
      case .none: self = .one(shard)
      case .one(shard), .several: break
      case .one: self = .several
      }
    }
  }

  /// CLIENT REPLY's modes.
  enum ReplyMode {
    case on
    case off
    /// The next command's reply is to be dropped.
    case skipNext
    /// That next command has begun.
    case skip
  }

  init(
    id: UInt64, descriptor: Int32, handle: ConnectionHandle, address: SocketAddresses,
    createdAt: Int64, now: UInt64
  ) {
    self.id = id
    self.descriptor = descriptor
    self.handle = handle
    self.address = address
    self.createdAt = createdAt
    lastInteraction = now
  }

  /// Whether commands may go straight to execution: nothing to check, drop or hold back.
  private(set) var isPlain = true

  private func updatePlainness() {
    isPlain = isAuthenticated && replyMode == .on && multi == nil && !isSpread && !isConfined
      && !isMonitor && !isDebugging && (tracking?.isBroadcast ?? true)
  }

  /// Whether only commands about subscriptions are allowed: in RESP2, replies can't be told from messages.
  var isConfined: Bool { isSubscriber && protocolVersion == 2 }

  /// Whether a message would come into the middle of a reply.
  var isMidReply: Bool {
    isRunning || replyCapture != nil || (isSuspended && stopWaiting == nil)
  }

  /// Whether the reply of the command that runs now is sent.
  var wantsReply: Bool { replyMode == .on || replyMode == .skipNext }

  /// Whether its next command has to wait.
  var isBusy: Bool { isSuspended || isPaused || isThrottled || isFlooding || replies.isWaiting }

  /// Bytes of replies that are not with the kernel yet.
  var pendingOutputByteCount: Int {
    output.count + held.count + pushes.count + replies.byteCount + (isSending ? sending.count : 0)
  }

  /// Appends the reply to a command sent to another shard; the last one puts all in order.
  func fill(place: Int, with reply: ByteView) {
    replies.fill(place: place, with: reply, output: &output)
  }

  /// As above, for a reply that may be large: `reply` is empty then.
  func fill(place: Int, taking reply: inout ReplyWriter) {
    replies.fill(place: place, taking: &reply, output: &output)
  }

  /// Notes that `byteCount` bytes were sent at once; the buffer goes, or stays for the next time.
  @inline(__always)
  func finishSending(_ byteCount: Int) {
    isSending = false
    if byteCount > outputPeak {
      outputPeak = byteCount
      if byteCount > keptOutputByteCount { keptOutputByteCount = Self.keptOutputBytesMax }
    }
    sending.removeAll(retaining: keptOutputByteCount)
  }

  /// Shrinks the buffers to what the client has needed since the last time.
  func shrinkOutput() {
    let needed = max(outputPeak + 1, Self.keptOutputBytesMin)
    outputPeak = 0
    guard needed < keptOutputByteCount else { return }
    keptOutputByteCount = needed
    if !isSending { sending.removeAll(retaining: needed) }
    if output.isEmpty { output.removeAll(retaining: needed) }
  }

  /// What its buffers occupy.
  var allocatedByteCount: Int {
    input.allocatedByteCount + output.allocatedByteCount + sending.allocatedByteCount
      + held.allocatedByteCount + pushes.allocatedByteCount + replies.allocatedByteCount
  }
}

/// A connection's slot in its worker and the slot's generation, so that completions of a closed
/// connection are not taken for its successor's.
struct ConnectionHandle: Hashable {
  let slot: Int
  let generation: UInt32

  /// As the low 56 bits of a completion's data.
  var bits: UInt64 { UInt64(generation & 0xFF_FFFF) << 32 | UInt64(UInt32(slot)) }

  init(slot: Int, generation: UInt32) {
    self.slot = slot
    self.generation = generation & 0xFF_FFFF
  }

  init(bits: UInt64) {
    slot = Int(UInt32(truncatingIfNeeded: bits))
    generation = UInt32(truncatingIfNeeded: bits >> 32) & 0xFF_FFFF
  }
}
