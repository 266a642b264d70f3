/// The place of one directive's value in a `Configuration`.
package enum DirectiveKey: Hashable, Sendable {
  case flag(FlagDirective)
  case integer(IntegerDirective)
  case text(TextDirective)
  case choice(ChoiceDirective)
  case list(ListDirective)

  /// The directive's primary name, such as `replica-priority`.
  ///
  /// - Complexity: O(*n*) in the number of directives; for replies and logs.
  package var name: String {
    for definition in DirectiveTable.all where definition.key == self { return definition.name }
    preconditionFailure("a directive without an entry in the table: \(self)")
  }
}
