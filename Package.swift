// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every Swift target.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
  .strictMemorySafety(),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0480-swiftpm-warning-control.md
  .treatAllWarnings(as: .error),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
  .enableUpcomingFeature("ExistentialAny"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
  .enableUpcomingFeature("MemberImportVisibility"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
  .enableUpcomingFeature("InternalImportsByDefault"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "Martlet",
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .executable(name: "martlet-server", targets: ["martlet-server"]),
    .executable(name: "martlet-benchmark", targets: ["martlet-benchmark"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0")
  ],
  targets: [
    // MARK: Platform: knows Linux, nothing of Redis
    .target(name: "CLinux"),
    .target(name: "CUring", linkerSettings: [.linkedLibrary("uring")]),
    .systemLibrary(name: "CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),
    .systemLibrary(
      name: "CLuaJIT", pkgConfig: "luajit", providers: [.apt(["libluajit-5.1-dev"])]),
    .target(name: "EventLoop", dependencies: ["CLinux", "CUring"], swiftSettings: settings),

    // MARK: Vocabulary: bytes; no I/O, no clock, no actor
    .target(name: "RESP", dependencies: ["CLinux", "CJemalloc"], swiftSettings: settings),

    // MARK: Engine: the data of one shard; synchronous and deterministic
    .target(
      name: "Engine", dependencies: ["RESP", "CLinux", "CJemalloc"], swiftSettings: settings),

    // MARK: Shared-nothing: many shards, nobody's locks
    .target(name: "Shard", dependencies: ["Engine", "EventLoop", "CLinux"], swiftSettings: settings),
    .target(name: "Coordinator", dependencies: ["Shard"], swiftSettings: settings),

    // MARK: Files: what is kept, and how it is read again
    .target(
      name: "Persistence", dependencies: ["Engine", "RESP", "EventLoop"], swiftSettings: settings),

    // MARK: Services: stand on the coordinator
    .target(name: "CScript", dependencies: ["CLuaJIT"], cSettings: [.headerSearchPath(".")]),
    .target(
      name: "Scripting", dependencies: ["Coordinator", "CScript"], swiftSettings: settings),

    // MARK: Faces
    .target(name: "ServerConfig", swiftSettings: settings),
    .target(
      name: "Server",
      dependencies: [
        "Coordinator", "Persistence", "Scripting", "ServerConfig", "CLinux", "CJemalloc",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .target(name: "Martlet", dependencies: ["Server"], swiftSettings: settings),
    .target(name: "CAllocatorOptions"),
    .executableTarget(
      name: "martlet-server", dependencies: ["Server", "CAllocatorOptions"], swiftSettings: settings),

    // MARK: Tools: clients on the same platform
    .target(name: "LoadGenerator", dependencies: ["EventLoop", "RESP", "CLinux"], swiftSettings: settings),
    .executableTarget(
      name: "martlet-benchmark", dependencies: ["LoadGenerator"], swiftSettings: settings),

    // MARK: Tests
    .target(
      name: "TestSupport", dependencies: ["RESP", "Engine"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"], swiftSettings: settings),
    .testTarget(name: "RESPTests", dependencies: ["RESP", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "SimulationTests", dependencies: ["Coordinator", "Scripting", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "ShardTests", dependencies: ["Shard", "Engine", "RESP", "EventLoop", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "ScriptingTests", dependencies: ["Scripting", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "ServerConfigTests", dependencies: ["ServerConfig"], exclude: ["Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "PersistenceTests", dependencies: ["Persistence", "TestSupport"],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "ServerTests", dependencies: ["Server", "Shard", "RESP"], swiftSettings: settings),
    .testTarget(
      name: "LoadGeneratorTests", dependencies: ["LoadGenerator", "RESP"], swiftSettings: settings),
    .testTarget(name: "MartletTests", dependencies: ["Martlet"], swiftSettings: settings),
    .testTarget(name: "TidyTests", swiftSettings: settings),
  ]
)

// MARK: Micro-benchmarks: only when asked for, so that users never resolve what they need

if Context.environment["ENABLE_BENCHMARKS"] != nil {
  package.dependencies.append(
    // Without its traits: they count allocations and references by packages that replace the allocator.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []))
  let benchmark = Target.Dependency.product(name: "Benchmark", package: "benchmark")
  package.targets.append(
    .target(
      name: "Measuring", dependencies: [benchmark, "CJemalloc"], path: "Benchmarks/Measuring",
      swiftSettings: settings))
  for (subject, dependencies) in [
    ("RESP", []), ("Engine", ["RESP"]), ("Shard", ["Engine", "EventLoop", "RESP"]), ("Martlet", []),
  ] as [(String, [Target.Dependency])] {
    package.targets.append(
      .executableTarget(
        name: "\(subject)Benchmarks",
        dependencies: [benchmark, "Measuring", .target(name: subject)] + dependencies,
        path: "Benchmarks/\(subject)Benchmarks", swiftSettings: settings,
        plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
  }
}
