import Engine
import RESP
import Testing

/// Payloads against those that redis-server 7.0.15 (version 10) and 8.2.3 (version 12) made.
@Suite struct DumpPayloadTests {
  @Test func payloadsAreThoseOfRedis() {
    for (value, payload, _) in Self.payloadsOfRedis {
      var session = KeyspaceSession()
      session.set("k", hexBytes(value))
      let reply = session.run([Array("DUMP".utf8), Array("k".utf8)])
      #expect(hexText(bulk(reply)) == payload, "value \(value)")
    }
  }

  @Test func payloadsOfBothVersionsAreRestored() {
    for (value, payload, footer) in Self.payloadsOfRedis {
      for text in [payload, payload.dropLast(20) + footer] {
        var session = KeyspaceSession()
        #expect(session.restore("k", hexBytes(String(text))) == "+OK", "value \(value)")
        #expect(session.value("k").map(hexText) == value)
      }
    }
  }

  @Test func compressionIsThatOfRedis() {
    var session = KeyspaceSession()
    for (letters, count, payloadCount, checksum) in Self.checksumsOfRedis {
      let value = Self.text(letters: letters, count: count)
      session.set("k", value)
      let payload = bulk(session.run([Array("DUMP".utf8), Array("k".utf8)]))
      #expect(payload.count == payloadCount, "\(letters) letters, \(count) bytes")
      #expect(hexText(payload.suffix(8)) == checksum, "\(letters) letters, \(count) bytes")
      #expect(session.restore("copy", Array(payload), "REPLACE") == "+OK")
      #expect(session.value("copy") == value)
    }
  }

  @Test func compressionCanBeOff() {
    var options = Keyspace.Options()
    options.compressesStrings = false
    var session = KeyspaceSession(options)
    session.set("k", String(repeating: "x", count: 64))
    let payload = bulk(session.run([Array("DUMP".utf8), Array("k".utf8)]))
    #expect(
      hexText(payload)
        == "004040" + String(repeating: "78", count: 64) + "0a00376c9d023dc52973")
  }

  @Test func everyFlippedBitIsNoticed() {
    let payload = hexBytes("00c0400a002d1a265ebaed03f5")
    for index in payload.indices {
      for bit in 0..<8 {
        var broken = payload
        broken[index] ^= 1 << UInt8(bit)
        var session = KeyspaceSession()
        #expect(
          session.restore("k", broken) == "-ERR DUMP payload version or checksum are wrong")
        #expect(session.keyspace.count == 0)
      }
    }
  }

  @Test func newerVersionsAreRefused() {
    var session = KeyspaceSession()
    let expected = "-ERR DUMP payload version or checksum are wrong"
    #expect(session.restore("k", sealed([0x00, 0x01, 0x61], version: 13)) == expected)
    #expect(session.restore("k", sealed([0x00, 0x01, 0x61], version: 12)) == "+OK")
    #expect(session.restore("x", []) == expected)
    #expect(session.restore("x", [0x00, 0x01, 0x61, 10] + [UInt8](repeating: 0, count: 9)) == expected)
    #expect(session.restore("x", [UInt8](repeating: 0, count: 9)) == expected)
  }

  @Test(arguments: [
    "", "02", "63", "0005", "000561", "00c101", "00c3", "00c30561", "00c3020400ff", "00c30305000161",
    "00c0", "00c4", "0082", "0080ffffffff", "0081ffffffffffffffff", "00817fffffffffffffff",
    "00c38080ffffffff61", "00c302817fffffffffffffff0061", "00c303032000ff",
  ])
  func wellSealedNonsenseIsBadFormat(value: String) {
    var session = KeyspaceSession()
    #expect(session.restore("k", sealed(hexBytes(value))) == "-ERR Bad data format")
    #expect(session.keyspace.count == 0)
  }

  private func sealed(_ value: [UInt8], version: UInt8 = 10) -> [UInt8] {
    var payload = value + [version, 0]
    let checksum = ByteView.with(payload) { CRC64.checksum($0) }
    for shift in 0..<8 { payload.append(UInt8(truncatingIfNeeded: checksum >> UInt64(shift * 8))) }
    return payload
  }

  private func bulk(_ reply: [UInt8]) -> ArraySlice<UInt8> {
    guard let end = reply.firstIndex(of: 0x0A) else { return [] }
    return reply[(end + 1)..<(reply.count - 2)]
  }

  /// `count` of the first `letters` letters, at random from a seed that follows from both.
  private static func text(letters: Int, count: Int) -> [UInt8] {
    var state = UInt64(letters * 1000 + count)
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return 97 + UInt8((state >> 33) % UInt64(letters))
    }
  }

  /// A value, its payload, and how the payload of 8.2.3 ends. All in hexadecimal.
  private static let payloadsOfRedis: [(String, String, String)] = [
    ("30", "00c0000a009840a778f8500308", "0c00533693b8027a9d41"),
    ("31", "00c0010a002678e7b6d10111fc", "0c00ed0ed3762b2b8fb5"),
    ("2d31", "00c0ff0a000c937e2485089dc5", "0c00c7e54ae47f22038c"),
    ("3633", "00c03f0a00b8ef6a1710e9c5e9", "0c0073995ed7eac35ba0"),
    ("3634", "00c0400a002d1a265ebaed03f5", "0c00e66c129e40c79dbc"),
    ("313030", "00c0640a0087299531600e8db3", "0c004c5fa1f19a2413fa"),
    ("313237", "00c07f0a000db5eb315254c514", "0c00c6c3dff1a87e5b5d"),
    ("313238", "00c180000a00eb7ab3b510cf4b65", "0c00200c8775eae5d52c"),
    ("2d313238", "00c0800a009966326d2f0c5bd9", "0c00521006add526c590"),
    ("2d313239", "00c17fff0a001760822854808480", "0c00dc16b6e8aeaa1ac9"),
    ("3332373637", "00c1ff7f0a00495a37da17f4d52b", "0c00822c031aedde4b62"),
    ("3332373638", "00c2008000000a0045d82eedd5bda910", "0c008eae1a2d2f973759"),
    ("2d3332373638", "00c100800a00b540064753bb1ace", "0c007e363287a9918487"),
    ("2d3332373639", "00c2ff7fffff0a00aee34c4d06c68536", "0c006595788dfcec1b7f"),
    ("3635353335", "00c2ffff00000a00d1484116733d3a95", "0c001a3e75d68917a4dc"),
    ("32313437343833363437", "00c2ffffff7f0a002c74e59ee02eada1", "0c00e702d15e1a0433e8"),
    ("32313437343833363438", "000a323134373438333634380a00e7b129a34c1d76ee", "0c002cc71d63b637e8a7"),
    ("2d32313437343833363438", "00c2000000800a00c74f873e33558187", "0c000c39b3fec97f1fce"),
    ("2d32313437343833363439", "000b2d323134373438333634390a00c261377908f2028c", "0c00091703b9f2d89cc5"),
    ("39323233333732303336383534373735383037", "0013393232333337323033363835343737353830370a003a657e9481e85f22", "0c00f1134a547bc2c16b"),
    ("2d39323233333732303336383534373735383038", "00142d393232333337323033363835343737353830380a00ede2b956eb709e81", "0c0026948d96115a00c8"),
    ("", "00000a005d9b5c400f7fa2da", "0c0096ed6880f5553c93"),
    ("61", "0001610a00bffeef9b8f367db4", "0c007488db5b751ce3fd"),
    ("2d30", "00022d300a00d5411fd9d6d050cc", "0c001e372b192cface85"),
    ("303037", "00033030370a007258e27b4c69bad9", "0c00b92ed6bbb6432490"),
    ("2b31", "00022b310a00c286f0d7439aee6f", "0c0009f0c417b9b07026"),
    ("616263", "00036162630a00d9ac303d4172a2e2", "0c0012da04fdbb583cab"),
    ("7878787878787878787878787878787878787878", "001478787878787878787878787878787878787878780a005b3c81eca58cc56b", "0c00904ab52c5fa65b22"),
    ("787878787878787878787878787878787878787878", "00c30615017878e00a000a00941a83676017192f", "0c005f6cb7a79a3d8766"),
    ("787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878", "00c3093f017878e032000178780a0072a017a560edf6e5", "0c00b9d623659ac768ac"),
    ("78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878", "00c3094040017878e033000178780a007671d576c5795442", "0c00bd07e1b63f53ca0b"),
    ("616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263616263", "00c30b405a0361626361e04b020162630a00238036f9e2d0c780", "0c00e8f6023918fa59c9"),
    ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "004100000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0a00a2fe30a40f146abf", "0c0069880464f53ef4f6"),
    ("68656c6c6f20776f726c642c2068656c6c6f20776f726c642c2068656c6c6f20776f726c64", "00c315250d68656c6c6f20776f726c642c2068e00c0c016c640a00a8bec18e27b98196", "0c0063c8f54edd931fdf"),
    ("3132333435363738393031", "000b31323334353637383930310a00304e52d727176510", "0c00fb386617dd3dfb59"),
    ("3939393939393939393939393939393939393939", "001439393939393939393939393939393939393939390a006a8de39858a7b31c", "0c00a1fbd758a28d2d55"),
    ("610d0a620063", "0006610d0a6200630a00163f24ece8a0eed2", "0c00dd49102c128a709b"),
    ("313131313131313131313131313131313131313131", "00c30615013131e00a000a0089546bdb905de1aa", "0c0042225f1b6a777fe3"),
    ("616161616161616161616161616161616161616162", "00c30815016161e0090000620a001a6659bd3893ec1e", "0c00d1106d7dc2b97257"),
  ]

  /// Number of letters, of bytes, of payload bytes, and the payload's checksum.
  private static let checksumsOfRedis: [(Int, Int, Int, String)] = [
    (1, 21, 20, "fd0cb36807413f68"),
    (1, 22, 22, "8eed18203b3bc745"),
    (1, 23, 23, "f1b9142e2d0ab233"),
    (1, 24, 23, "585cedc38be546a5"),
    (1, 25, 23, "d08d67009b1b83b3"),
    (1, 30, 23, "45737cbb2b647bbb"),
    (1, 36, 23, "5db2d5d7f199c511"),
    (1, 37, 23, "f8a9f0e523e2a16f"),
    (1, 40, 23, "cf092faaae25831d"),
    (1, 41, 23, "47d8a569bedb460b"),
    (1, 44, 23, "9811f4b6aa5376ff"),
    (1, 63, 23, "c7b454c16b8866cb"),
    (1, 64, 24, "c3659612ce1cc46c"),
    (1, 65, 24, "4bb41cd1dee2017a"),
    (1, 100, 24, "e8a3b507b06df271"),
    (1, 256, 24, "9d2a60f3638eda2e"),
    (1, 257, 24, "15fbea3073701f38"),
    (1, 264, 24, "58894192384469c0"),
    (1, 265, 24, "d058cb5128baacd6"),
    (1, 266, 24, "65e0fbe4db3d4385"),
    (1, 270, 25, "bc4e09638c2a8695"),
    (1, 300, 27, "4b1bc2625246e713"),
    (1, 529, 27, "b209e0a77eb81785"),
    (1, 1000, 33, "86c212db54819e3c"),
    (1, 5000, 78, "33b8160147ed814c"),
    (1, 8191, 117, "1e9940191a81bc48"),
    (1, 8193, 117, "c44406ce795d8f40"),
    (1, 16383, 211, "31beea69496dc35f"),
    (1, 16384, 214, "f0663d768579e535"),
    (1, 20000, 253, "57458059df720070"),
    (1, 70000, 823, "fb617f2e1b7bfae4"),
    (2, 21, 33, "af9050143f4daaf6"),
    (2, 22, 31, "aa1d196fc3fedab1"),
    (2, 23, 30, "7d402391a8f0b741"),
    (2, 24, 30, "4e00ce90c53d03b3"),
    (2, 25, 37, "f1d5f10bd7f6ee36"),
    (2, 30, 36, "2f7861ebe95be1d2"),
    (2, 36, 39, "de1f8c1718e04190"),
    (2, 37, 39, "64625e4c4fd9a405"),
    (2, 40, 40, "44ff7a354bc9ecf6"),
    (2, 41, 41, "f71d7073b8645ec0"),
    (2, 44, 43, "0382ffe83465dd0a"),
    (2, 63, 53, "897672f06fb40d79"),
    (2, 64, 49, "928f3257b537bd64"),
    (2, 65, 58, "bc13b19f9983e631"),
    (2, 100, 71, "2c16b6f82290d015"),
    (2, 256, 149, "3d992937c9c69978"),
    (2, 257, 151, "d4f2d19402c0a84c"),
    (2, 264, 147, "0d2f043bfccb2020"),
    (2, 265, 158, "300a6db1e11d8d52"),
    (2, 266, 159, "a73aeca732762a7f"),
    (2, 270, 162, "70508324cf517753"),
    (2, 300, 174, "75a7ea9344de0299"),
    (2, 529, 287, "b3f7a68aea6f68a4"),
    (2, 1000, 528, "bab9ab7ce88814e4"),
    (2, 5000, 2524, "f1df3f5cb9820ef6"),
    (2, 8191, 4118, "ee253f2a647b32d2"),
    (2, 8193, 4151, "af301efe8bdab110"),
    (2, 16383, 8363, "c77e73d7a204deb7"),
    (2, 16384, 8308, "b8fd84e814b6e4fd"),
    (2, 20000, 10171, "af830072ea592f4e"),
    (2, 70000, 35343, "1368f1cabd0c577c"),
    (3, 21, 33, "4c887a15cbd49eb9"),
    (3, 22, 34, "f914c97a43576c2a"),
    (3, 23, 35, "e743bab263657b3c"),
    (3, 24, 36, "3effa897f3f0fba5"),
    (3, 25, 37, "721ed62a0634ff92"),
    (3, 30, 42, "a879718ad31f98c7"),
    (3, 36, 48, "b1d340eedc0f3079"),
    (3, 37, 49, "99c226e54aafd644"),
    (3, 40, 52, "caaf5d6fa85f7dbe"),
    (3, 41, 53, "447fb6b76d7eeb77"),
    (3, 44, 56, "8e00c59be9979109"),
    (3, 63, 65, "914bd6be179b3246"),
    (3, 64, 70, "0599a4d3b1163f08"),
    (3, 65, 57, "5cdcb75b77eb3ccc"),
    (3, 100, 84, "a7fc2f71b71a43c9"),
    (3, 256, 185, "508e9e5f59a57bf2"),
    (3, 257, 176, "7f5d6d4c99182dc6"),
    (3, 264, 175, "a3fa8f07eafa412b"),
    (3, 265, 176, "4f86d676faae985c"),
    (3, 266, 179, "7571c05a1021ea4c"),
    (3, 270, 178, "408657223e8c5088"),
    (3, 300, 214, "594d4d0a7719eafb"),
    (3, 529, 340, "d900f28aa3b86b57"),
    (3, 1000, 601, "fbb7c948241aee13"),
    (3, 5000, 2927, "bcd9eb1d4bebdf15"),
    (3, 8191, 4708, "e5d94cfd4a3ff4de"),
    (3, 8193, 4713, "6d670b66995cfbc8"),
    (3, 16383, 9468, "0fc9e5a0ef01c5a9"),
    (3, 16384, 9412, "59fedcee7296a2c7"),
    (3, 20000, 11457, "119cb049f7e9ddb9"),
    (3, 70000, 40112, "b993b9e207319214"),
    (5, 21, 33, "28660fd8d317dd1f"),
    (5, 22, 34, "43be9c520f761aa4"),
    (5, 23, 35, "c84b342c24f471bf"),
    (5, 24, 36, "5726b7cb860ed451"),
    (5, 25, 37, "b8e6dc71feaf10b2"),
    (5, 30, 42, "0ebe979bc987b4a8"),
    (5, 36, 48, "21da1c7a3b742880"),
    (5, 37, 49, "f8e41bcf112c5b9a"),
    (5, 40, 52, "da1a4c04dc0df23d"),
    (5, 41, 53, "05801d8d13dd7721"),
    (5, 44, 56, "cf2cb7dc7ffb2e21"),
    (5, 63, 75, "51be3e0b2b93ee91"),
    (5, 64, 77, "790f2f1df1d466c6"),
    (5, 65, 72, "343354b9cab183d8"),
    (5, 100, 104, "1b4bef54995a47b1"),
    (5, 256, 219, "90349cb17d5c5b4b"),
    (5, 257, 222, "a8ae1c1eb2a93e3c"),
    (5, 264, 233, "e7dd18143712d842"),
    (5, 265, 228, "9b7c7677ecc1c905"),
    (5, 266, 222, "b80c22233d8322dd"),
    (5, 270, 225, "8ef4913cb74ca01c"),
    (5, 300, 253, "4a75060e4297c1d6"),
    (5, 529, 401, "d7ed97de3287a057"),
    (5, 1000, 685, "576d337d170dc1db"),
    (5, 5000, 3158, "7c206331f4a70400"),
    (5, 8191, 5099, "d5a2fe304748cc6a"),
    (5, 8193, 5107, "e4fa269375752de8"),
    (5, 16383, 10141, "60dcadd885753cc4"),
    (5, 16384, 10155, "e39807e451349e1b"),
    (5, 20000, 12370, "415325ef67cf33d3"),
    (5, 70000, 43110, "19512b2306645f01"),
    (20, 21, 33, "e559fad823a011a6"),
    (20, 22, 34, "d57a8d58494dd9ce"),
    (20, 23, 35, "54fb436b2ce3c9c9"),
    (20, 24, 36, "224bbfbd57d5c135"),
    (20, 25, 37, "6769762b2b415f7c"),
    (20, 30, 42, "ab65736fc527bdb2"),
    (20, 36, 48, "822b0f6e519df011"),
    (20, 37, 49, "d1f173c98153a864"),
    (20, 40, 52, "1e50d388fda6719d"),
    (20, 41, 53, "026beb59f13a3875"),
    (20, 44, 56, "ccf39d0dc2922069"),
    (20, 63, 75, "646e6ede50f10eac"),
    (20, 64, 77, "af675847889444a4"),
    (20, 65, 78, "d9fac7a0715cf380"),
    (20, 100, 113, "95a3b8fe8d814141"),
    (20, 256, 269, "cf960b22044d17b7"),
    (20, 257, 270, "991474ba00feaae5"),
    (20, 264, 277, "1adf7d3705d5dfe5"),
    (20, 265, 278, "921ef8c16f513a87"),
    (20, 266, 279, "9ac6c8944d2bf424"),
    (20, 270, 283, "a1a4fb4f759501e2"),
    (20, 300, 313, "3c981e7759bb859e"),
    (20, 529, 542, "a85af5315c538fbe"),
    (20, 1000, 1013, "db4ac9b562f29e54"),
    (20, 5000, 4735, "011117ce0f49e073"),
    (20, 8191, 7466, "82b239c0743d5333"),
    (20, 8193, 7440, "2a75654b3d077f25"),
    (20, 16383, 14095, "c144733c6ec20249"),
    (20, 16384, 13996, "58eb85b490882640"),
    (20, 20000, 16873, "6ed8126e57f7ac21"),
    (20, 70000, 57585, "417bd0309f30dbb5"),
  ]
}

extension KeyspaceSession {
  mutating func restore(_ key: String, _ payload: [UInt8], _ options: String...) -> String {
    let words = [Array("RESTORE".utf8), Array(key.utf8), [0x30], payload]
    let reply = run(words + options.map { Array($0.utf8) })
    return String(decoding: reply.dropLast(2), as: UTF8.self)
  }
}
