extension Configuration {
  /// CONFIG SET: changes all of `pairs` or nothing, and returns what changed, in their order.
  ///
  /// The caller applies what changed; to undo, it puts back the copy it kept of the old value.
  ///
  /// - Parameter fromLocalClient: whether the client is on this machine, which
  ///   `enable-protected-configs local` asks for.
  /// - Throws: `.unknown` for a name that is no directive, `.failed` for a value that the
  ///   directive does not take, for one that may not be changed, and for a name given twice.
  package mutating func set(_ pairs: [(String, String)], fromLocalClient: Bool = true)
    throws(ConfigError) -> [DirectiveKey]
  {
    var definitions: [DirectiveDefinition] = []
    var names: Set<String> = []
    for (name, _) in pairs {
      guard let definition = DirectiveTable.definition(named: name) else { throw .unknown(name) }
      if let reason = refusal(to: definition, fromLocalClient: fromLocalClient) {
        throw .failed(name, reason: reason)
      }
      guard names.insert(name.lowercased()).inserted else {
        throw .failed(name, reason: "duplicate parameter")
      }
      definitions.append(definition)
    }

    var updated = self
    for (definition, (name, value)) in zip(definitions, pairs) {
      do throws(InvalidArgument) {
        try updated.assign(definition, Self.arguments(of: definition, in: value))
      } catch {
        throw .failed(name, reason: error.reason)
      }
    }

    var changed: [DirectiveKey] = []
    for definition in definitions where !changed.contains(definition.key) {
      if text(of: definition) != updated.text(of: definition) { changed.append(definition.key) }
    }
    // Also where the text is the same: the letters of some events are not shown.
    if keyspaceEvents != updated.keyspaceEvents,
      !changed.contains(.list(.notifyKeyspaceEvents))
    {
      changed.append(.list(.notifyKeyspaceEvents))
    }
    self = updated
    return changed
  }

  private func refusal(to definition: DirectiveDefinition, fromLocalClient: Bool) -> String? {
    if definition.flags.contains(.immutable) { return "can't set immutable config" }
    guard definition.flags.contains(.protected) else { return nil }
    switch self[.enableProtectedConfigs] {
    case "yes": return nil
    case "local" where fromLocalClient: return nil
    default: return "can't set protected config"
    }
  }

  private static func arguments(of definition: DirectiveDefinition, in value: String) -> [String] {
    guard case .list = definition.kind else { return [value] }
    if value.isEmpty { return [] }
    return value.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
  }

  /// Gives a directive the value that `arguments` spell; nothing changes when they are wrong.
  mutating func assign(_ definition: DirectiveDefinition, _ arguments: [String])
    throws(InvalidArgument)
  {
    if case .list(let key) = definition.kind { return try assign(key, arguments) }
    guard arguments.count == 1 else { throw .wrongCount }
    let text = arguments[0]
    switch definition.kind {
    case .flag(let key, _):
      switch text.lowercased() {
      case "yes": self[key] = true
      case "no": self[key] = false
      default: throw .notFlag
      }
    case .integer(let key, let form, let range, _, let clamp):
      let number = try Self.number(text, form, range)
      self[key] = min(max(number, clamp.lowerBound), clamp.upperBound)
    case .text(let key, _, let check):
      if let reason = check(text) { throw InvalidArgument(reason) }
      self[key] = text
    case .choice(let key, let words, _, let synonyms):
      let word = text.lowercased()
      guard let listed = words.first(where: { $0.lowercased() == word }) else {
        throw .notOneOf(words)
      }
      self[key] = synonyms[listed] ?? listed
    case .list:
      break
    }
  }

  private static func number(
    _ text: String, _ form: DirectiveDefinition.IntegerForm, _ range: ClosedRange<Int>
  ) throws(InvalidArgument) -> Int {
    var number: Int?
    switch form {
    case .decimal:
      number = integer(text)
      guard number != nil else { throw .notInteger }
    case .octal:
      number = Int(text, radix: 8)
      guard number != nil else { throw .notOctal }
    case .memory:
      // Only a range that reaches below zero takes a sign.
      number = MemoryAmount.bytes(text) ?? (range.lowerBound < 0 ? integer(text) : nil)
      guard number != nil else { throw .notMemory }
    case .memoryOrPercent:
      if text.hasSuffix("%") {
        guard let percent = integer(String(text.dropLast())), percent >= 0 else {
          throw .notMemoryOrPercent
        }
        guard percent <= 100 else { throw .percentTooLarge }
        return -percent
      }
      number = MemoryAmount.bytes(text)
      guard number != nil else { throw .notMemoryOrPercent }
    }
    guard let number, range.contains(number) else { throw .outside(range, octal: form == .octal) }
    return number
  }

  /// A number in its one spelling: no sign but `-`, no leading zero.
  private static func integer(_ text: String) -> Int? {
    Int(text).flatMap { "\($0)" == text ? $0 : nil }
  }
}
