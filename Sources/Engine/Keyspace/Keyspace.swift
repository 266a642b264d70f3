package import RESP

/// The slice of all databases that one shard holds: keys, values, expiry, and the counters about them.
///
/// A plain value without clock, randomness or I/O of its own: whoever runs commands sets `now` once a
/// turn and passes a seed once. It belongs to one shard and is never shared.
@safe package struct Keyspace: ~Copyable {
  package struct Options: Sendable {
    /// `databases`.
    package var databaseCount = 16
    /// `proto-max-bulk-len`: the longest string a command may make.
    package var stringBytesMax = 512 << 20
    /// `maxmemory-policy` is one of the LFU kind: the access clock counts frequency, not time.
    package var countsFrequency = false
    /// `maxmemory-policy`, `maxmemory-samples`.
    package var evictionPolicy = EvictionPolicy.noEviction
    package var evictionSamples = 5
    /// `lfu-log-factor`, `lfu-decay-time`.
    package var frequencyLogFactor = 10
    package var frequencyDecayMinutes = 1
    /// `rdbcompression`.
    package var compressesStrings = true
    /// `list-max-listpack-size`: elements where positive, else -1 to -5 for 4 to 64 KiB.
    package var listListpackSize = -2
    /// `list-compress-depth`: nodes at either end that stay uncompressed; 0 compresses none.
    package var listCompressDepth = 0
    /// `hash-max-listpack-entries`, `hash-max-listpack-value`.
    package var hashListpackLimits = ListpackLimits(entriesMax: 512, valueBytesMax: 64)
    /// `set-max-listpack-entries`, `set-max-listpack-value`.
    package var setListpackLimits = ListpackLimits(entriesMax: 128, valueBytesMax: 64)
    /// `set-max-intset-entries`.
    package var setIntsetEntriesMax = 512
    /// `zset-max-listpack-entries`, `zset-max-listpack-value`.
    package var sortedSetListpackLimits = ListpackLimits(entriesMax: 128, valueBytesMax: 64)
    /// `stream-node-max-bytes`, `stream-node-max-entries`; 0 for no limit.
    package var streamNodeBytesMax = 4096
    package var streamNodeEntriesMax = 100
    /// `hll-sparse-max-bytes`.
    package var sparseHyperLogLogBytesMax = 3000
    /// `notify-keyspace-events`, empty without a channel.
    package var events: EventClasses = []
    /// `tracking-table-max-keys`, 0 for no limit; this shard's part of it; and what all shards have.
    package var trackedKeysMax = 0
    package var trackedKeysShare = 0
    package var trackedKeyTotal = TrackedKeyTotal()
    /// `lazyfree-lazy-eviction` and its like.
    package var lazyRemovals: Removal = .unlink
    /// Values of up to so many elements are read, combined and copied at once, larger ones in slices.
    package var elementsAtOnceMax = 4096
    package init() {}
  }

  /// Up to where a collection stays a listpack.
  package struct ListpackLimits: Sendable {
    package var entriesMax: Int
    /// The longest element.
    package var valueBytesMax: Int
    package init(entriesMax: Int, valueBytesMax: Int) {
      self.entriesMax = entriesMax
      self.valueBytesMax = valueBytesMax
    }
  }

  package var options: Options {
    didSet {
      events.wanted = options.events
      observed.setTotal(options.trackedKeyTotal)
      if options.evictionPolicy != oldValue.evictionPolicy { evictionPool.removeAll() }
    }
  }
  /// Milliseconds since 1970, the same for everything that happens in one turn.
  package var now: Int64 = 0 { didSet { expiryHorizon = isReplaying ? .min : now } }
  /// Keys whose time is not after this one are gone.
  private(set) var expiryHorizon: Int64 = 0
  /// A log is being applied: it says itself when keys went, so nothing expires meanwhile.
  package var isReplaying = false { didSet { expiryHorizon = isReplaying ? .min : now } }
  package var statistics = KeyspaceStatistics()
  /// How many changes were made to data, ever: what `rdb_changes_since_last_save` and WATCH build on.
  package var changeCount = 0
  /// Runs `body` with what has expired still there to be seen.
  mutating func seeingExpired<Result>(_ body: (inout Keyspace) -> Result) -> Result {
    let horizon = expiryHorizon
    expiryHorizon = .min
    defer { expiryHorizon = horizon }
    return body(&self)
  }
  /// What was done, for whoever follows the shard.
  package var effects = Effects()
  /// Whose changes are noted: what WATCH and blocked clients build on.
  package var observed = ObservedKeys()
  /// Events to be published: `notify-keyspace-events`.
  package var events = KeyspaceEventLog()
  /// Expired keys stay in place (they are still invisible): set while something else decides when keys expire.
  package var keepsExpiredKeys = false
  /// The last payload that RESTORE was given and did not take, for the log.
  package var refusedPayload: RefusedPayload?
  /// DEBUG SET-SKIP-CHECKSUM-VALIDATION: payloads are taken whatever their checksum says.
  package var ignoresPayloadChecksums = false
  /// Whether look-ups leave the access clocks as they are (CLIENT NO-TOUCH).
  package var leavesAccessClocks = false
  /// A script calls the commands: what has no order is given one.
  package var servesScript = false
  /// Whether `DEBUG SET-ACTIVE-EXPIRE` lets the active cycle run.
  package var expiresActively = true
  /// DEBUG QUICKLIST-PACKED-THRESHOLD: list elements from this length on get a node of their own; 0: those too
  /// long for a node.
  package var plainListNodeBytesMin = 0
  /// What procedures use the keys by.
  var procedureKeys: ProcedureKeys?
  /// The database that commands see.
  package private(set) var selected = 0

  let seed: UInt64
  var random: SplitMix64
  private let databases: UnsafeMutablePointer<Database>
  /// The snapshot under way.
  var snapshot: SnapshotCut?
  /// Flushed databases and large values that are being freed, slice by slice.
  private var garbage: [any Garbage] = []
  /// What the batch has asked for inside large values.
  var elements = ElementPrefetch()
  /// Where the moving of blocks has got to.
  var sweep = DefragmentationSweep()
  /// Who goes next when memory is short.
  var evictionPool = EvictionPool()
  /// A key whose hash is known already, from the batch that prefetched it.
  private var hashedKey: (base: UnsafeRawPointer?, count: Int, hash: KeyHash)
  /// The same for several keys.
  var prepared = PreparedKeys()
  var upcoming = UpcomingKeys()

  package init(options: Options = Options(), seed: UInt64) {
    self.options = options
    observed.setTotal(options.trackedKeyTotal)
    events.wanted = options.events
    self.seed = seed
    random = SplitMix64(state: seed ^ 0x6A09_E667_F3BC_C908)
    unsafe databases = .allocate(capacity: options.databaseCount)
    for index in 0..<options.databaseCount {
      unsafe (databases + index).initialize(to: Database(seed: seed))
    }
    unsafe hashedKey = (nil, 0, KeyHash(rawValue: 0))
  }

  deinit {
    for index in 0..<options.databaseCount {
      FlushedDatabase(unsafe (databases + index).move()).freeAll()
    }
    for remains in garbage { remains.freeAll() }
    unsafe databases.deallocate()
  }

  // MARK: Databases

  package var databaseCount: Int { options.databaseCount }

  /// Chooses the database that commands see. Indices come checked from SELECT.
  @inline(__always)
  package mutating func select(_ index: Int) {
    precondition(index >= 0 && index < options.databaseCount, "no such database")
    selected = index
  }

  /// Runs `body` with another database selected.
  mutating func inDatabase<Result: ~Copyable, Failure: Error>(
    _ index: Int, _ body: (inout Keyspace) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let previous = selected
    select(index)
    defer { selected = previous }
    return try body(&self)
  }

  /// As `inDatabase`, for the coordinator.
  package mutating func withDatabase<Result: ~Copyable, Failure: Error>(
    _ index: Int, _ body: (inout Keyspace) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try inDatabase(index, body)
  }

  /// The seed of the tables' hashes; entries move only between keyspaces of one seed.
  package var hashSeed: UInt64 { seed }

  package mutating func swapDatabases(_ first: Int, _ second: Int) {
    guard first != second else { return }
    noteChanges(ofDatabases: [first, second])
    let held = unsafe (databases + first).move()
    unsafe (databases + first).moveInitialize(from: databases + second, count: 1)
    unsafe (databases + second).initialize(to: held)
    changeCount += 1
  }

  package func keyCount(inDatabase index: Int) -> Int { unsafe databases[index].table.count }

  package func expiringKeyCount(inDatabase index: Int) -> Int {
    unsafe databases[index].table.expiringCount
  }

  /// Keys in the selected database.
  package var count: Int { keyCount(inDatabase: selected) }

  /// Bytes of tables, entries not included, over all databases.
  package var tableByteCount: Int {
    (0..<databaseCount).reduce(0) { unsafe $0 + databases[$1].table.overheadByteCount }
  }

  /// Drawing for DEBUG HTSTATS: how the selected database's table is filled.
  package var tableSummary: (entries: Int, segments: Int, depth: Int, bytes: Int) {
    let table = unsafe databases + selected
    return unsafe (
      table.pointee.table.count, table.pointee.table.segmentCount, Int(table.pointee.table.depth),
      table.pointee.table.overheadByteCount
    )
  }

  var database: UnsafeMutablePointer<Database> {
    @inline(__always) get { unsafe databases + selected }
  }

  func database(at index: Int) -> UnsafeMutablePointer<Database> { unsafe databases + index }

  // MARK: Hashes

  /// Tells the hash of the key that the next command begins with.
  @inline(__always)
  package mutating func prepare(_ key: ByteView, _ hash: KeyHash) {
    unsafe hashedKey = (key.unsafeBase, key.count, hash)
    prepared.removeAll()
  }

  @inline(__always)
  func hash(_ key: ByteView) -> KeyHash {
    // An empty word and the one behind it start at one address.
    if unsafe key.unsafeBase == hashedKey.base, unsafe key.count == hashedKey.count {
      return unsafe hashedKey.hash
    }
    if prepared.count > 0, let hash = prepared.hash(of: key) { return hash }
    return KeyHash(key, seed: seed)
  }

  /// Forgets `prepare`: the memory it points to is about to hold something else.
  @inline(__always)
  package mutating func forgetPrepared() {
    unsafe hashedKey.base = nil
    prepared.removeAll()
  }

  @inline(__always)
  package mutating func prefetchBucket(_ hash: KeyHash, database index: Int) {
    unsafe (databases + index).pointee.table.prefetchBucket(hash)
  }

  @inline(__always)
  package mutating func prefetchEntry(_ hash: KeyHash, database index: Int) {
    unsafe (databases + index).pointee.table.prefetchEntry(hash)
  }

  // MARK: Flushing and freeing

  /// Empties one database in constant time; the entries are freed by later `freeSlice` calls.
  package mutating func flush(database index: Int) {
    noteChanges(ofDatabases: [index])
    finishLargeValues()
    let old = unsafe (databases + index).move()
    unsafe (databases + index).initialize(to: Database(seed: seed, savedMark: old.table.savedMark))
    changeCount += old.table.count
    guard old.table.count > 0 else { return }
    let remains = FlushedDatabase(old)
    if let snapshot, remains.isUnsaved { snapshot.add(remains) } else { garbage.append(remains) }
  }

  package mutating func flushAll() {
    snapshot?.isFlushed = true
    for index in 0..<databaseCount { flush(database: index) }
  }

  /// Has something freed, slice by slice.
  mutating func discard(_ remains: some Garbage) { garbage.append(remains) }

  /// Frees a block that is in no table any more: at once, or its value slice by slice if it is large, or takes some
  /// effort and `removal` is a lazy one.
  mutating func discard(_ block: EntryBlock, _ removal: Removal = .replacement) {
    elements.forget()
    if block.type != .string, isFreedLater(block.collection, removal) {
      garbage.append(DiscardedValue(block))
    } else {
      block.dispose()
    }
  }

  /// As `discard`, for the value of a block that stays.
  @inline(never)
  mutating func discardValue(of block: EntryBlock) {
    elements.forget()
    let collection = block.collection
    if isFreedLater(collection, .replacement) {
      // A block of its own keeps what the value needs to be freed by.
      garbage.append(DiscardedValue(block.shallowCopy(key: .empty)))
    } else {
      collection.free()
    }
  }

  /// Whether something waits to be freed.
  package var hasGarbage: Bool { !garbage.isEmpty }
  /// Flushed entries and discarded values not freed yet.
  package var garbageCount: Int { garbage.reduce(0) { $0 + $1.remaining } }

  /// Frees some of what was flushed or discarded.
  ///
  /// - Parameter steps: a segment of a table, or as many elements of a large value, each; 20 to 50 µs.
  package mutating func freeSlice(segments steps: Int) {
    elements.forget()
    var left = steps
    while left > 0, let remains = garbage.last {
      let before = remains.remaining
      if !remains.freeStep() { garbage.removeLast() }
      statistics.lazilyFreedObjects += before - remains.remaining
      left -= 1
    }
  }

  // MARK: Counting changes

  /// Counts a change that is none of a key.
  mutating func countChange() { changeCount &+= 1 }

  /// Every body that changed the value or the expiry of a key says so, once a key.
  @inline(__always)
  mutating func changed(_ key: ByteView) {
    changeCount &+= 1
    #if DEBUG || INTERNAL_CHECKS
      checkPreserved(key)
    #endif
    if !observed.isEmpty { noteChange(key) }
  }
}

/// A small random generator for choices that need to be fair, not secret.
///
/// - SeeAlso: G. Steele et al., "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
package struct SplitMix64: Sendable {
  package var state: UInt64
  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
