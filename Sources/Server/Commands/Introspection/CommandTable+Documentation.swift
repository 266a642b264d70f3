import Engine
import RESP

/// What COMMAND DOCS says of a command.
extension CommandTable {
  /// Writes the command's name and the map that documents it.
  func writeDocumentation(_ index: Int, to reply: inout ReplyWriter) {
    let command = commands[index]
    reply.bulk(fullNames[index])
    var fieldCount = 3
    if !command.complexity.isEmpty { fieldCount += 1 }
    if let deprecation = command.deprecation {
      fieldCount += deprecation.replacement.isEmpty ? 2 : 3
    }
    if !command.history.isEmpty { fieldCount += 1 }
    if !command.arguments.isEmpty { fieldCount += 1 }
    if !command.subcommands.isEmpty { fieldCount += 1 }
    reply.map(fieldCount)
    reply.field("summary", command.summary)
    reply.field("since", command.since)
    reply.field("group", command.group.rawValue)
    if !command.complexity.isEmpty { reply.field("complexity", command.complexity) }
    if let deprecation = command.deprecation {
      reply.bulk("doc_flags")
      reply.names(["deprecated"])
      reply.field("deprecated_since", deprecation.since)
      if !deprecation.replacement.isEmpty { reply.field("replaced_by", deprecation.replacement) }
    }
    if !command.history.isEmpty {
      reply.bulk("history")
      reply.set(command.history.count)
      for (since, change) in command.history {
        reply.array(2)
        reply.bulk(since)
        reply.bulk(change)
      }
    }
    if !command.arguments.isEmpty {
      reply.bulk("arguments")
      Command.Argument.write(command.arguments, to: &reply)
    }
    if !command.subcommands.isEmpty {
      reply.bulk("subcommands")
      reply.map(command.subcommands.count)
      for subcommand in subcommandIndices(of: index) {
        writeDocumentation(subcommand, to: &reply)
      }
    }
  }
}

extension Command.Argument {
  fileprivate static func write(_ arguments: [Self], to reply: inout ReplyWriter) {
    reply.array(arguments.count)
    for argument in arguments { argument.write(to: &reply) }
  }

  private func write(to reply: inout ReplyWriter) {
    let isLeaf = type != .oneof && type != .block
    let optionalFields = [
      isLeaf || displayText != nil, keySpecIndex != nil, token != nil, since != nil,
      !traits.isEmpty, !members.isEmpty,
    ]
    reply.map(2 + optionalFields.count { $0 })
    reply.field("name", name)
    reply.field("type", type.rawValue)
    if let displayText {
      reply.field("display_text", displayText)
    } else if isLeaf {
      reply.field("display_text", name)
    }
    if let keySpecIndex {
      reply.bulk("key_spec_index")
      reply.integer(keySpecIndex)
    }
    if let token { reply.field("token", token) }
    if let since { reply.field("since", since) }
    if !traits.isEmpty {
      reply.bulk("flags")
      var names: [StaticString] = []
      if traits.contains(.optional) { names.append("optional") }
      if traits.contains(.multiple) { names.append("multiple") }
      if traits.contains(.multipleToken) { names.append("multiple_token") }
      reply.names(names)
    }
    if !members.isEmpty {
      reply.bulk("arguments")
      Self.write(members, to: &reply)
    }
  }
}

extension ReplyWriter {
  fileprivate mutating func field(_ name: StaticString, _ value: String) {
    bulk(name)
    bulk(value)
  }
}
