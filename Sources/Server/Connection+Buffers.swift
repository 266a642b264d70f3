import RESP

extension Connection {
  /// What a turn moves and fills again and again.
  ///
  /// It lies behind a pointer because each use of a class's own property is checked for exclusive access while the program
  /// runs, which for these costs as much as a short command.
  @safe struct Buffers: ~Copyable {
    struct Parts: ~Copyable {
      var input = InputBuffer()
      var parser = RequestParser()
      var output = ReplyWriter()
      var sending = ReplyWriter()
      var held = ReplyWriter()
      var pushes = ReplyWriter()
      var replies = PendingReplies()
    }

    let parts: UnsafeMutablePointer<Parts>

    init() {
      unsafe parts = .allocate(capacity: 1)
      unsafe parts.initialize(to: Parts())
    }

    deinit {
      unsafe parts.deinitialize(count: 1)
      unsafe parts.deallocate()
    }
  }
}
