// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Leaderboard",
  // Yours would name Martlet's URL and a version.
  dependencies: [.package(name: "Martlet", path: "../../..")],
  targets: [
    .executableTarget(
      name: "Leaderboard", dependencies: [.product(name: "Martlet", package: "Martlet")])
  ]
)
