import RESP

/// The words of SSCAN and HSCAN after the cursor.
struct ElementScanOptions {
  private(set) var count = 10
  private(set) var pattern: ByteView?
  /// HSCAN only.
  private(set) var leavesValuesOut = false

  /// - Throws: `.syntax`, also for a count below 1; `.notAnInteger`.
  init(_ arguments: Arguments, allowsNoValues: Bool = false) throws(CommandError) {
    var index = 3
    while index < arguments.count {
      let word = arguments[index]
      if allowsNoValues, word.matches("novalues") {
        leavesValuesOut = true
        index += 1
        continue
      }
      guard index + 1 < arguments.count else { throw .syntax }
      if word.matches("count") {
        count = try arguments[index + 1].integer()
        if count < 1 { throw .syntax }
      } else if word.matches("match") {
        pattern = arguments[index + 1]
      } else {
        throw .syntax
      }
      index += 2
    }
  }

  func matches(_ name: ByteView) -> Bool { pattern.map { Glob.matches($0, name) } ?? true }
}

/// What one slice of a walk through a collection has found.
struct ElementScan: ~Copyable {
  private var elements: ReplyWriter
  private var count = 0

  init(_ options: ElementScanOptions, protocolVersion: Int) {
    elements = ReplyWriter(protocolVersion: protocolVersion)
  }

  mutating func add(_ element: ByteView) {
    elements.bulk(element)
    count += 1
  }

  /// Replies with the position to go on from, nil at the end, and the elements.
  func write(next: UInt64?, to reply: inout ReplyWriter) {
    reply.array(2)
    reply.bulk(String(next ?? 0))
    reply.array(count)
    reply.raw(elements.bytes)
  }
}

extension ReplyWriter {
  /// The reply to a walk through nothing.
  mutating func emptyScan() {
    array(2)
    bulk(ByteView("0"))
    array(0)
  }
}

extension ElementTable {
  /// Visits elements from a cursor on, about `count` of them, and returns where to go on; nil after the last.
  func scan(from cursor: ScanCursor, count: Int, _ visit: (Element) -> Void) -> UInt64? {
    var left = count
    var bucketsLeft = count.multipliedReportingOverflow(by: Keyspace.scanBucketsPerKey)
    if bucketsLeft.overflow { bucketsLeft.partialValue = .max }
    var position = cursor.position
    while true {
      let next = visitBucket(from: position) { element in
        left -= 1
        visit(element)
      }
      guard let next else { return nil }
      position = next
      bucketsLeft.partialValue -= 1
      if left <= 0 || bucketsLeft.partialValue <= 0 { return position }
    }
  }
}
