// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Embedded",
  dependencies: [.package(name: "Martlet", path: "../..")],
  targets: [
    .executableTarget(
      name: "Embedded", dependencies: [.product(name: "Martlet", package: "Martlet")])
  ]
)
