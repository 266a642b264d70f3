// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Leaderboard",
  // Yours would name Martlet's URL and a version.
  dependencies: [.package(name: "Martlet", path: "../../..")],
  targets: [
    .target(name: "Boards", dependencies: [.product(name: "Martlet", package: "Martlet")]),
    // A program that has a board inside.
    .executableTarget(name: "Leaderboard", dependencies: ["Boards"]),
    // martlet-server with the board's procedures.
    .executableTarget(name: "leaderboard-server", dependencies: ["Boards"]),
  ]
)
