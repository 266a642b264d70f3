/// What the server says it is.
package enum Version {
  /// The Redis whose behaviour clients may expect.
  package static let redis = "7.4.0"
  package static let martlet = "0.1.0"
}
