import json
import pathlib
import unittest
import uuid

from doorbell import Doorbell, Topic, _sealed, _text, _key

VECTORS = json.loads(
    (pathlib.Path(__file__).parents[2] / "spec" / "vectors.json").read_text(encoding="utf-8")
)


class VectorsTest(unittest.TestCase):
    def each(self, vectors):
        self.assertTrue(vectors)
        for vector in vectors:
            with self.subTest(vector=vector):
                yield vector

    def test_every_valid_id_is_taken_as_it_is_written(self):
        for vector in self.each(VECTORS["ids"]["valid"]):
            self.assertEqual(_text(vector["text"]), vector["text"])

    def test_every_number_may_be_an_int(self):
        for vector in self.each([v for v in VECTORS["ids"]["valid"] if v["value"]]):
            self.assertEqual(_text(int(vector["value"])), vector["value"])

    def test_every_invalid_id_is_a_ValueError(self):
        for vector in self.each(VECTORS["ids"]["invalid"]):
            self.assertRaises(ValueError, _text, vector["text"])

    def test_every_uuid_may_be_a_UUID(self):
        for vector in self.each(VECTORS["uuids"]):
            self.assertEqual(_text(uuid.UUID(vector["uuid"])), vector["uuid"])
            self.assertEqual(uuid.UUID(vector["uuid"]).int, int(vector["decimal"]))

    def test_every_valid_key_is_taken(self):
        for key in self.each(VECTORS["keys"]["valid"]):
            self.assertEqual(_key(key), key)

    def test_every_invalid_key_is_a_ValueError(self):
        for vector in self.each(VECTORS["keys"]["invalid"]):
            self.assertRaises(ValueError, _key, vector["key"])

    def test_every_sealed_id_is_that_of_its_key(self):
        for vector in self.each(VECTORS["sealed"]):
            self.assertEqual(_sealed(vector["key"]), (vector["id"], vector["key"]))

    def test_every_derived_id_and_key_is_found(self):
        for vector in self.each(VECTORS["derived"]):
            bell = Doorbell("http://127.0.0.1", secret=vector["secret"])
            sealed = bell.topic(vector["topic"]).at(int(vector["version"]))
            self.assertEqual(sealed, (vector["id"], vector["key"]))
            self.assertEqual(sealed, Topic(vector["secret"], vector["topic"]).at(int(vector["version"])))

    def test_every_header_is_written_as_it_is_read(self):
        for vector in self.each(VECTORS["headersWritten"]):
            bell = Doorbell("http://127.0.0.1:8080", public=vector["base"])
            written = ("Doorbell-Wait", vector["value"])
            self.assertEqual(bell.header(*vector["ids"]), written)
            numbers = [int(id) if id.isdecimal() and id == str(int(id)) else id for id in vector["ids"]]
            self.assertEqual(bell.header(*numbers), written)

    def test_every_header_that_is_no_header_is_refused(self):
        for vector in self.each(VECTORS["headersRefused"]):
            if vector["ids"] == [2**53]:
                continue  # which is precise here
            bell = Doorbell("http://127.0.0.1:8080")
            self.assertRaises((ValueError, TypeError), bell.header, *vector["ids"])
