import RESP

/// The words of a command that name fields of a hash.
struct FieldWords {
  let arguments: Arguments
  let indices: StrideTo<Int>
  let count: Int

  /// - Parameter step: 2 where each field is followed by its value.
  init(_ arguments: Arguments, _ range: Range<Int>, every step: Int = 1) {
    self.arguments = arguments
    indices = stride(from: range.lowerBound, to: range.upperBound, by: step)
    count = range.count / step
  }
}

extension Keyspace {
  // MARK: Hashes that commands see

  /// The hash at `key` as it is seen now, nil if there is none.
  ///
  /// - Throws: `.wrongType`.
  @inline(__always)
  mutating func hashValue(_ key: ByteView, for purpose: Purpose = .read) throws(CommandError)
    -> HashValue?
  {
    try collection(HashValue.self, key, for: purpose)?.seen(at: expiryHorizon)
  }

  /// As `hashValue`, for those that count fields: where nothing can be over, nothing needs to be searched for it.
  mutating func hashToCount(_ key: ByteView) throws(CommandError) -> HashValue? {
    guard let hash = try collection(HashValue.self, key, for: .read) else { return nil }
    guard hash.hasExpiries else { return hash }
    let earliest = unsafe database.pointee.fieldExpiries.time(of: key) ?? .min
    return earliest > expiryHorizon ? hash : hash.seen(at: expiryHorizon)
  }

  /// The hash at `key` to be changed, nil if there is none. Of the fields that the command names none is over any more,
  /// so it need not tell them apart.
  ///
  /// - Throws: `.wrongType`.
  @inline(__always)
  mutating func hashValue(
    _ key: ByteView, toChange fields: FieldWords
  ) throws(CommandError) -> HashValue? {
    guard let hash = try collection(HashValue.self, key, for: .write) else { return nil }
    return hash.hasExpiries ? settled(hash, key, fields) : hash
  }

  /// As `hashValue(_:toChange:)`; a missing key gets a hash without fields, which the caller fills.
  @inline(__always)
  mutating func hashForAdding(
    _ key: ByteView, _ fields: FieldWords
  ) throws(CommandError) -> HashValue {
    if let hash = try hashValue(key, toChange: fields) { return hash }
    return create(HashValue.self, key)
  }

  @inline(never)
  private mutating func settled(
    _ hash: HashValue, _ key: ByteView, _ fields: FieldWords
  ) -> HashValue? {
    guard !keepsExpiredKeys, !isReplaying else { return hash }
    let seen = hash.seen(at: now)
    var over: [[UInt8]]
    if hash.isListpack {
      over = seen.hiddenNames
    } else {
      over = []
      for index in fields.indices {
        let field = fields.arguments[index]
        if let element = hash.table.find(field), element.isOver(at: expiryHorizon),
          !over.contains(where: { ByteView.with($0) { $0 == field } })
        {
          over.append(field.bytes)
        }
      }
    }
    return over.isEmpty || expire(over, of: key, hash) ? hash : nil
  }

  /// Counts a change of the fields of a hash, deletes it if it has none left, and keeps in mind when to look at it.
  ///
  /// - Parameter event: what it is called to those who subscribe to events.
  @inline(__always)
  mutating func changed(_ key: ByteView, fieldsOf hash: HashValue, _ event: StaticString) {
    changed(key, hash, .hash, event)
    if unsafe !database.pointee.fieldExpiries.isEmpty { noteExpiries(of: key) }
  }

  /// A field got an expiry.
  mutating func noteExpiry(_ time: Int64, of key: ByteView) {
    unsafe database.pointee.fieldExpiries.note(key, time, seed: seed)
  }

  /// Brings `fieldExpiries` up to date with a hash that changed, or is new here, or is gone.
  @inline(never)
  func noteExpiries(of key: ByteView) {
    guard let slot = unsafe database.pointee.table.find(key, hash(key)) else { return }
    noteExpiries(of: key, unsafe Entry(slot: slot).block)
  }

  /// An entry came from elsewhere.
  func noteExpiries(ofNew block: EntryBlock) {
    if block.type == .hash, HashValue(block: block).hasExpiries {
      noteExpiries(of: block.key, block)
    }
  }

  /// An entry is about to go.
  @inline(__always)
  func forgetFieldExpiries(of block: EntryBlock) {
    if block.type == .hash, unsafe !database.pointee.fieldExpiries.isEmpty {
      unsafe database.pointee.fieldExpiries.remove(block.key)
    }
  }

  func noteExpiries(of key: ByteView, _ block: EntryBlock) {
    guard block.type == .hash else { return }
    let hash = HashValue(block: block)
    guard hash.hasExpiries else {
      return unsafe database.pointee.fieldExpiries.remove(key)
    }
    if hash.isListpack, let earliest = hash.earliestExpiry {
      unsafe database.pointee.fieldExpiries.set(key, earliest, seed: seed)
    } else if unsafe database.pointee.fieldExpiries.time(of: key) == nil {
      // Unknown: to be searched.
      unsafe database.pointee.fieldExpiries.set(key, 0, seed: seed)
    }
  }

  // MARK: Fields whose time is over

  /// Deletes fields of a hash because their time is over: all such fields go through here.
  ///
  /// - Parameters:
  ///   - fields: of the hash, each once.
  ///   - key: must not point into the keyspace.
  /// - Returns: false if the hash had no others, so that the key is gone too.
  mutating func expire(_ fields: [[UInt8]], of key: ByteView, _ hash: HashValue) -> Bool {
    preserve(key: key)
    for field in fields { _ = ByteView.with(field) { hash.remove($0) } }
    recordRemoval(of: fields, key)
    notify(.hash, "hexpired", key)
    statistics.expiredFields += fields.count
    if !observed.isEmpty { noteChange(key) }
    guard hash.count > 0 else {
      if let entry = lookup(key, for: .peek) { remove(entry) }
      notify(.generic, "del", key)
      return false
    }
    if hash.isListpack { noteExpiries(of: key, hash.block) }
    return true
  }

  /// Hashes with fields that have an expiry, in one database.
  package func expiringHashCount(inDatabase index: Int) -> Int {
    unsafe database(at: index).pointee.fieldExpiries.count
  }

  /// One slice of the active expire cycle of fields.
  ///
  /// - Parameter steps: segments of tables, or listpacks, to look at.
  /// - Returns: whether something is left to do now.
  package mutating func expireFieldsSlice(steps: Int) -> Bool {
    guard expiresActively, !keepsExpiredKeys, !isReplaying else { return false }
    var left = steps
    for index in 0..<databaseCount {
      inDatabase(index) { keyspace in
        while left > 0, keyspace.expireFieldsStep() { left -= 1 }
      }
      if left == 0 { return true }
    }
    return false
  }

  /// Looks at one listpack or one segment in the selected database; false if it is time for none.
  private mutating func expireFieldsStep() -> Bool {
    guard let (view, time) = unsafe database.pointee.fieldExpiries.first, time <= now else {
      return false
    }
    let key = view.bytes
    ByteView.with(key) { key in
      guard let entry = lookup(key, for: .peek), entry.type == .hash,
        case let hash = HashValue(block: entry.block), hash.hasExpiries
      else { return unsafe database.pointee.fieldExpiries.remove(key) }
      if hash.isListpack {
        let names = hash.seen(at: now).hiddenNames
        if names.isEmpty { return noteExpiries(of: key, hash.block) }
        _ = expire(names, of: key, hash)
      } else {
        search(hash.seen(at: now), key)
      }
    }
    return true
  }

  /// A table of a million fields is searched every ten seconds at most.
  private static let fieldsPerMillisecond = 100

  /// Deletes what is over in the next segment of a table.
  private mutating func search(_ hash: HashValue, _ key: ByteView) {
    var search = unsafe database.pointee.fieldExpiries.search
    let isGoingOn = search.map { search in ByteView.with(search.key) { $0 == key } } ?? false
    if !isGoingOn { search = FieldExpiries.Search(key: key.bytes) }
    guard var search else { return }
    var names: [[UInt8]] = []
    let next = hash.findHidden(from: search.position, &names, earliest: &search.earliest)
    search.position = next ?? 0
    unsafe database.pointee.fieldExpiries.search = next == nil ? nil : search
    if !names.isEmpty, !expire(names, of: key, hash) { return }
    if next == nil {
      let time = Swift.max(search.earliest, now + Int64(hash.count / Self.fieldsPerMillisecond))
      if hash.hasExpiries {
        unsafe database.pointee.fieldExpiries.set(key, time, seed: seed)
      } else {
        unsafe database.pointee.fieldExpiries.remove(key)
      }
    }
  }
}
