import Engine
import RESP

extension ServiceCommand {
  /// `COMMAND COUNT`
  ///
  /// Replies with an integer; subcommands do not count.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-count/>
  static let commandCount = ServiceCommand(
    Command(
      "count", "Counts the commands.",
      since: "2.8.13", group: .server, complexity: "O(1)",
      arity: .exactly(2), flags: [.loading, .stale], categories: [.connection],
      execution: .service)
  ) { worker, _, _, _, reply throws(CommandError) in
    reply.integer(worker.server.table.visibleCommands.count)
  }

  /// `COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]`
  ///
  /// Replies with an array of names, in no particular order; subcommands are listed, too.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-list/>
  static let commandList = ServiceCommand(
    Command(
      "list", "Lists the names of the commands.",
      since: "7.0.0", group: .server,
      complexity: "O(N) where N is the total number of Redis commands",
      arity: .atLeast(2), flags: [.loading, .stale], categories: [.connection],
      tips: ["nondeterministic_output_order"],
      arguments: [
        .init(
          "filterby", .oneof, token: "FILTERBY", .optional,
          members: [
            .init("module-name", .string, token: "MODULE"),
            .init("category", .string, token: "ACLCAT"),
            .init("pattern", .pattern, token: "PATTERN"),
          ])
      ],
      execution: .service)
  ) { worker, _, arguments, _, reply throws(CommandError) in
    let table = worker.server.table
    if arguments.count == 2 {
      let names = table.listedNames { _ in true }
      reply.array(names.count)
      for name in names { reply.bulk(name) }
      return
    }
    guard arguments.count == 5, arguments[2].matches("filterby") else { throw .syntax }
    let word = arguments[4]
    let names: [String]
    if arguments[3].matches("module") {
      // There are no modules.
      names = []
    } else if arguments[3].matches("aclcat") {
      let wanted = word.string.lowercasedASCII
      names = table.listedNames { $0.shownCategories.names.contains { "\($0)" == wanted } }
    } else if arguments[3].matches("pattern") {
      names = table.listedNames { _ in true }.filter { name in
        ByteView.with(Array(name.utf8)) { Glob.matches(word, $0, ignoringCase: true) }
      }
    } else {
      throw .syntax
    }
    reply.array(names.count)
    for name in names { reply.bulk(name) }
  }
}

extension CommandTable {
  /// The indices of the commands clients are told of, subcommands aside.
  var visibleCommands: [Int] {
    callable.filter { !commands[$0].flags.contains(.internalOnly) }
  }

  /// The names of commands and subcommands that pass `filter`.
  func listedNames(_ filter: (Command) -> Bool) -> [String] {
    visibleCommands.flatMap { [$0] + subcommandIndices(of: $0) }.filter { filter(commands[$0]) }
      .map { fullNames[$0] }
  }

  /// The index of the command called `get` or `config|get`, in whatever case.
  func index(ofFullName name: ByteView) -> Int? {
    guard let bar = name.firstIndex(of: 0x7C) else { return index(of: name) }
    guard let container = index(of: name[0..<bar]) else { return nil }
    return subcommand(of: container, called: name[bar + 1..<name.count])
  }
}
