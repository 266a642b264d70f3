import Engine

/// What `rename-command` lines make of the commands' names, line after line.
struct RenamedCommands {
  /// By the name a command is called by, its own.
  private var ownNames: [String: String]

  init() {
    ownNames = [:]
    for command in CommandTable.engine + ServiceCommand.all.map(\.command) {
      ownNames[command.name] = command.name
    }
  }

  /// What each command that is called otherwise is called by: "" for one that can't be called any longer.
  var names: [String: String] {
    var names: [String: String] = [:]
    for own in all where ownNames[own] != own { names[own] = "" }
    for (name, own) in ownNames where name != own { names[own] = name }
    return names
  }

  private let all = (CommandTable.engine + ServiceCommand.all.map(\.command)).map(\.name)

  /// Takes in one line; says what is wrong with it, if something is.
  mutating func rename(_ name: String, to newName: String) -> String? {
    guard let own = ownNames.removeValue(forKey: name.lowercased()) else {
      return "No such command in rename-command"
    }
    if newName.isEmpty { return nil }
    guard ownNames[newName.lowercased()] == nil else { return "Target command name already exists" }
    ownNames[newName.lowercased()] = own
    return nil
  }
}
