import RESP
import Testing

/// Buffers that are too large to be copied when they grow.
@Suite struct ReplyStorageTests {
  /// As many lines as it takes for so many bytes, each with its number.
  private func fill(_ writer: inout ReplyWriter, byteCount: Int) {
    var line = 0
    while writer.count < byteCount {
      writer.integer(line)
      line += 1
    }
  }

  private func check(_ bytes: ByteView) {
    var offset = 0
    var line = 0
    while offset < bytes.count {
      var text = ReplyWriter()
      text.integer(line)
      guard bytes[offset..<min(offset + text.count, bytes.count)] == text.bytes else {
        Issue.record("line \(line) at \(offset) is damaged")
        return
      }
      offset += text.count
      line += 1
    }
  }

  @Test(arguments: [1 << 10, 3 << 20, 5 << 20, 40 << 20])
  func whatIsWrittenStaysAsTheBufferGrows(byteCount: Int) {
    var writer = ReplyWriter()
    fill(&writer, byteCount: byteCount)
    check(writer.bytes)
    let allocated = writer.allocatedByteCount
    #expect(allocated >= byteCount)
    writer.removeAll(retaining: 0)
    let left = writer.allocatedByteCount
    #expect(left == 0)
  }

  @Test(arguments: [10, 100 << 10, 20 << 20])
  func anotherTakesWhatWasWritten(byteCount: Int) {
    var writer = ReplyWriter(protocolVersion: 2)
    fill(&writer, byteCount: byteCount)
    let count = writer.count
    var other = ReplyWriter(protocolVersion: 3)
    other.take(&writer)
    let (rest, restAllocated) = (writer.count, writer.allocatedByteCount)
    #expect(rest == 0 && restAllocated == 0)
    let (taken, version) = (other.count, other.protocolVersion)
    #expect(taken == count && version == 3)
    check(other.bytes)
    // Behind something else it is copied.
    var last = ReplyWriter()
    last.integer(0)
    let start = last.count
    last.take(&other)
    check(last.bytes[start..<last.count])
  }

  @Test func pagesAreCounted() {
    var writer = ReplyWriter()
    fill(&writer, byteCount: 16 << 20)
    #expect(ReplyStorage.mappedByteCount >= 16 << 20)
    // Somebody else's too: whoever gets them gives them back.
    writer.removeAll(retaining: 0)
    while ReplyStorage.hasDiscarded { ReplyStorage.releaseSlice() }
  }
}
