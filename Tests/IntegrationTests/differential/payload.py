"""DUMP's payload: body, two bytes of RDB version, eight bytes of CRC-64.

Servers refuse payloads of a later version than their own, although the body of the types at hand is the same, so a
payload that goes to an older server gets the older version and a checksum to match.
"""
_POLYNOMIAL = 0x95AC9329AC4BC9B5  # Jones, reflected


def _make_table():
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _make_table()


def crc64(data):
    crc = 0
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def version(payload):
    return int.from_bytes(payload[-10:-8], "little")


def has_valid_checksum(payload):
    return len(payload) >= 10 and crc64(payload[:-8]) == int.from_bytes(payload[-8:], "little")


def with_version(payload, number):
    body = payload[:-10] + number.to_bytes(2, "little")
    return body + crc64(body).to_bytes(8, "little")
