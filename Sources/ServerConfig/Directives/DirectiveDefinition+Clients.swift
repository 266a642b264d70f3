extension DirectiveDefinition {
  /// Limits on clients.
  ///
  /// The order is that of the section in Config/server.conf.
  static let clients: [DirectiveDefinition] = [
    .integer(.maxclients, "maxclients", 1...4_294_967_295, default: 10_000),
    .memoryOrPercent(.maxmemoryClients, "maxmemory-clients", 0...Int.max, default: 0),
    .list(.clientOutputBufferLimit, "client-output-buffer-limit"),
    .memory(
      .clientQueryBufferLimit, "client-query-buffer-limit", 1_048_576...Int.max,
      default: 1_073_741_824),
    .memory(.protoMaxBulkLen, "proto-max-bulk-len", 1_048_576...Int.max, default: 536_870_912),
    .integer(.trackingTableMaxKeys, "tracking-table-max-keys", 0...Int.max, default: 1_000_000),
  ]
}
