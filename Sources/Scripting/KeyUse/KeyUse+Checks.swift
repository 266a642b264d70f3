extension KeyUse {
  /// Global names that could lead to keys in ways nobody can follow.
  private static let refusedGlobals: Set<String> = [
    "_G", "load", "loadstring", "dofile", "loadfile", "require", "getfenv", "setfenv", "debug",
  ]
  /// What only reads the list that comes first, and keeps nothing of it but its elements.
  private static let readers: Set<String> = [
    "unpack", "next", "type", "table.concat", "table.getn", "table.maxn", "cjson.encode", "cmsgpack.pack",
  ]
  /// Fields of `redis` without danger.
  private static let harmlessFields: Set<String> = [
    "sha1hex", "log", "error_reply", "status_reply", "setresp", "LOG_DEBUG", "LOG_VERBOSE",
    "LOG_NOTICE", "LOG_WARNING", "replicate_commands", "set_repl", "REPL_NONE", "REPL_AOF",
    "REPL_SLAVE", "REPL_REPLICA", "REPL_ALL", "REDIS_VERSION", "REDIS_VERSION_NUM", "acl_check_cmd",
    "breakpoint", "debug",
  ]

  func isFine(_ expression: LuaExpression, _ use: LuaProgram.Use) -> Bool {
    switch use {
    case .value: isFine(expression)
    case .assigned: isFineInside(expression)
    case .iterated:
      if let list = listIterated(by: expression), kind(list) == .keys {
        isFineInside(list)
      } else {
        isFine(expression)
      }
    case .returned(let depth): depth == 0 && !isLibrary ? isFineInside(expression) : isFine(expression)
    }
  }

  /// Whether a value may go anywhere, and all that it is made of is fine.
  private func isFine(_ expression: LuaExpression) -> Bool {
    kind(expression).mayGoAnywhere && isFineInside(expression)
  }

  /// As `isFine`; the value itself goes only where it is followed.
  private func isFineInside(_ expression: LuaExpression) -> Bool {
    switch expression.form {
    case .global(let name): return !Self.refusedGlobals.contains(name) && kind(expression) != .lost
    case .parenthesized(let part): return isFineInside(part)
    case .length(let list): return kind(list) == .keys ? isFineInside(list) : isFine(list)
    case .field(let base, let name): return isFineField(base, name)
    case .call(let callee, let arguments): return isFineCall(expression, callee, arguments)
    default: return expression.parts.allSatisfy(isFine)
    }
  }

  private func isFineField(_ base: LuaExpression, _ name: LuaExpression) -> Bool {
    switch kind(base) {
    case .keys: return isFineInside(base) && isFine(name)
    case .redis:
      guard isFineInside(base), case .string(let field?) = name.form else { return false }
      return field == "call" || field == "pcall" || Self.harmlessFields.contains(field)
    default: return isFine(base) && isFine(name)
    }
  }

  private func isFineCall(
    _ call: LuaExpression, _ callee: LuaExpression, _ arguments: [LuaExpression]
  ) -> Bool {
    if isRegistration(call) { return arguments.allSatisfy(isFine) }
    if kind(callee) == .call {
      return isFineInside(callee) && arguments.allSatisfy(isFine) && namesOnlyKeys(arguments)
    }
    // pcall(redis.call, ...)
    if callee.globalPath == "pcall", let function = arguments.first, kind(function) == .call {
      let rest = Array(arguments.dropFirst())
      return isFineInside(function) && rest.allSatisfy(isFine) && namesOnlyKeys(rest)
    }
    guard isFine(callee) else { return false }
    var followed = 0
    if case .local(let variable) = callee.form, let function = variable.knownFunction {
      followed = function.parameters.count
    } else if let list = arguments.first, kind(list) == .keys, isReader(callee) {
      followed = 1
    }
    return arguments.prefix(followed).allSatisfy(isFineInside)
      && arguments.dropFirst(followed).allSatisfy(isFine)
  }

  private func isReader(_ callee: LuaExpression) -> Bool {
    callee.globalPath.map(Self.readers.contains) ?? false
  }
}
