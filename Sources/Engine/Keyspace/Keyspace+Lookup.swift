package import RESP

/// A key found in the selected database. Valid until the keyspace changes.
@safe
struct Entry {
  let slot: DashTable.Slot

  @inline(__always) var block: EntryBlock { unsafe DashTable.block(slot.pointee) }
  @inline(__always) var type: ValueType { block.type }
  @inline(__always) var encoding: ValueEncoding { block.encoding }
  @inline(__always) var key: ByteView { block.key }
  /// The access clock as it is stored.
  var clock: Int { Int(unsafe DashTable.clock(slot.pointee)) }
  /// Where the block lies: for telling whether it moved, nothing else.
  var address: UInt { unsafe UInt(bitPattern: block.base) }

  /// Milliseconds since 1970, nil if the key stays.
  @inline(__always)
  var expiry: Int64? {
    unsafe slot.pointee & DashTable.expiryFlag != 0 ? block.expiry : nil
  }
}

extension Keyspace {
  /// What a look-up counts and touches.
  enum Purpose {
    /// Counts a hit or a miss, and marks the key as used.
    case read
    /// Marks the key as used.
    case write
    /// Counts a hit or a miss, and leaves the access clock alone (EXISTS, TYPE, TTL, OBJECT).
    case inspect
    /// Neither.
    case peek

    var counts: Bool { self == .read || self == .inspect }
  }

  /// The entry called `key`, nil if there is none or it has expired (and then it is deleted).
  @inline(__always)
  mutating func lookup(_ key: ByteView, for purpose: Purpose) -> Entry? {
    guard let slot = unsafe database.pointee.table.find(key, hash(key)) else {
      if purpose.counts { missed(key) }
      return nil
    }
    let entry = unsafe Entry(slot: slot)
    if unsafe slot.pointee & DashTable.expiryFlag != 0, entry.block.expiry <= expiryHorizon {
      expire(entry, actively: false)
      if purpose.counts { missed(key) }
      return nil
    }
    switch purpose {
    case .read:
      statistics.hits &+= 1
      touch(entry)
    case .write:
      preserve(entry)
      touch(entry)
    case .inspect: statistics.hits &+= 1
    case .peek: break
    }
    return entry
  }

  @inline(__always)
  private mutating func missed(_ key: ByteView) {
    statistics.misses &+= 1
    notify(.keyMiss, "keymiss", key)
  }

  /// Whether `key` exists. Counts as a read where `purpose` does.
  mutating func exists(_ key: ByteView, for purpose: Purpose = .peek) -> Bool {
    lookup(key, for: purpose) != nil
  }

  /// Removes `key`, which is the event `del`; false if it was not there.
  @inline(__always)
  mutating func delete(_ key: ByteView, _ removal: Removal = .replacement) -> Bool {
    guard let entry = lookup(key, for: .peek) else { return false }
    remove(entry, removal)
    changed(key)
    notify(.generic, "del", key)
    return true
  }

  /// Frees an entry and its value.
  mutating func remove(_ entry: Entry, _ removal: Removal = .replacement) {
    discard(take(entry), removal)
  }

  /// Takes an entry's block out of the table; the caller owns it.
  mutating func take(_ entry: Entry) -> EntryBlock {
    preserve(entry)
    let hash = hash(entry.key)
    forgetFieldExpiries(of: entry.block)
    return unsafe database.pointee.table.remove(entry.slot, hash)
  }

  /// Deletes an entry whose time has come.
  mutating func expire(_ entry: Entry, actively: Bool) {
    guard !keepsExpiredKeys else { return }
    statistics.expiredKeys += 1
    if actively { statistics.expiredActively += 1 }
    if !observed.isEmpty { noteChange(entry.key, byExpiry: true) }
    recordRemoval(entry.key)
    notify(.expired, "expired", entry.key)
    remove(entry, .expiry)
  }

  // MARK: Access clock

  @inline(__always)
  private mutating func touch(_ entry: Entry) {
    if leavesAccessClocks { return }
    if options.countsFrequency {
      touchFrequency(entry)
    } else {
      let clock = idleClock
      if unsafe DashTable.clock(entry.slot.pointee) != clock {
        unsafe DashTable.setClock(entry.slot, clock)
      }
    }
  }

  /// The clock of a new or just used entry.
  @inline(__always)
  var freshClock: UInt32 {
    options.countsFrequency
      ? Frequency(minutes: minuteClock, counter: Frequency.initialCounter).clock : idleClock
  }

  /// Seconds, modulo six days.
  @inline(__always)
  private var idleClock: UInt32 {
    UInt32(truncatingIfNeeded: UInt64(truncatingIfNeeded: now) / 1000) & 0x7FFFF
  }

  private var minuteClock: UInt32 {
    UInt32(truncatingIfNeeded: now / 60_000) & Frequency.minuteMask
  }

  /// How long nobody used the entry: OBJECT IDLETIME. Meaningless while counting frequencies.
  func idleSeconds(_ entry: Entry) -> Int {
    Int((idleClock &- (unsafe DashTable.clock(entry.slot.pointee))) & 0x7FFFF)
  }

  /// Sets an entry's idle time, as RESTORE ... IDLETIME asks.
  func setIdleSeconds(_ entry: Entry, _ seconds: Int) {
    let clamped = UInt32(clamping: Swift.min(seconds, 0x7FFFE))
    unsafe DashTable.setClock(entry.slot, (idleClock &- clamped) & 0x7FFFF)
  }

  /// OBJECT FREQ: the logarithmic counter, decayed to now.
  func frequency(_ entry: Entry) -> Int {
    let current = Frequency(clock: unsafe DashTable.clock(entry.slot.pointee))
    return Int(current.decayed(to: minuteClock, minutes: options.frequencyDecayMinutes))
  }

  /// Sets an entry's counter, as RESTORE ... FREQ asks.
  func setFrequency(_ entry: Entry, _ counter: UInt8) {
    unsafe DashTable.setClock(
      entry.slot, Frequency(minutes: minuteClock, counter: counter).clock)
  }

  @inline(never)
  private mutating func touchFrequency(_ entry: Entry) {
    let current = Frequency(clock: unsafe DashTable.clock(entry.slot.pointee))
    var counter = current.decayed(to: minuteClock, minutes: options.frequencyDecayMinutes)
    let base = Double(counter > Frequency.initialCounter ? counter - Frequency.initialCounter : 0)
    let chance = 1 / (base * Double(options.frequencyLogFactor) + 1)
    if counter < 255, Double(random.next() >> 11) * 0x1p-53 < chance { counter += 1 }
    setFrequency(entry, counter)
  }
}

/// The access clock of the LFU policies: a logarithmic counter and the minute it was last decayed.
///
/// - SeeAlso: <https://redis.io/docs/latest/develop/reference/eviction/#the-new-lfu-mode>
struct Frequency {
  static let initialCounter: UInt8 = 5
  static let minuteMask: UInt32 = 0x7FF

  let minutes: UInt32
  let counter: UInt8

  init(minutes: UInt32, counter: UInt8) {
    self.minutes = minutes
    self.counter = counter
  }

  init(clock: UInt32) {
    minutes = clock >> 8
    counter = UInt8(truncatingIfNeeded: clock)
  }

  var clock: UInt32 { minutes << 8 | UInt32(counter) }

  /// The counter less one for each `minutes` that passed.
  func decayed(to now: UInt32, minutes decayMinutes: Int) -> UInt8 {
    guard decayMinutes > 0 else { return counter }
    let periods = Int((now &- minutes) & Self.minuteMask) / decayMinutes
    return UInt8(Swift.max(0, Int(counter) - periods))
  }
}

extension Keyspace {
  /// What `key` holds, nil if there is none.
  package mutating func type(of key: ByteView) -> ValueType? { lookup(key, for: .peek)?.type }

  /// Deletes `key` if its time is over.
  package mutating func expireIfDue(_ key: ByteView) { _ = lookup(key, for: .peek) }
}
