"""The fields of TikTok's protobuf messages that are used here, compiled at import.

A message class of these skips every field it does not name at the speed of the C runtime (upb), and keeps it
when it is written again. Field numbers are those of TikTokLiveProto 0.2.2 (schema v3). Texts are declared as
bytes: a name that is not valid UTF-8 must not cost the gift it came with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

__all__ = ["MESSAGES", "DecodeError", "FetchResult", "PushFrame"]

# The generated classes of protobuf have no static types; what is read from them is typed where it is used.
Message = Any

_KINDS: Final = descriptor_pb2.FieldDescriptorProto
_TYPES: Final = {
    "int64": _KINDS.TYPE_INT64,
    "int32": _KINDS.TYPE_INT32,
    "bool": _KINDS.TYPE_BOOL,
    "text": _KINDS.TYPE_BYTES,
    "bytes": _KINDS.TYPE_BYTES,
}

# Message -> field -> (number, type). A type that is not in _TYPES is a message; "*" marks a repeated field.
_SCHEMA: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "PushHeader": {"key": (1, "text"), "value": (2, "text")},
    "PushFrame": {
        "log_id": (2, "int64"),
        "headers": (5, "*PushHeader"),
        "payload_encoding": (6, "text"),
        "payload_type": (7, "text"),
        "payload": (8, "bytes"),
    },
    "Envelope": {"method": (1, "text"), "payload": (2, "bytes"), "msg_id": (3, "int64")},
    "FetchResult": {
        "messages": (1, "*Envelope"),
        "internal_ext": (5, "text"),
        "need_ack": (9, "bool"),
        "is_first": (11, "bool"),
    },
    "Common": {"msg_id": (2, "int64"), "room_id": (3, "int64"), "create_time": (4, "int64")},
    "Enigma": {"is_enigma_mask_on": (1, "bool")},
    "User": {
        "id": (1, "int64"),
        "nickname": (3, "text"),
        "display_id": (38, "text"),
        "enigma_info": (1092, "Enigma"),
    },
    "Identity": {"is_moderator_of_anchor": (5, "bool")},
    "GiftKind": {"type": (11, "int32"), "diamond_count": (12, "int32"), "name": (16, "text")},
    "WebcastGiftMessage": {
        "common": (1, "Common"),
        "gift_id": (2, "int64"),
        "repeat_count": (5, "int32"),
        "user": (7, "User"),
        "repeat_end": (9, "int32"),
        "group_id": (11, "int64"),
        "gift": (15, "GiftKind"),
        "user_identity": (32, "Identity"),
    },
    "WebcastLikeMessage": {
        "common": (1, "Common"),
        "count": (2, "int32"),
        "total": (3, "int64"),
        "user": (5, "User"),
    },
    "WebcastChatMessage": {
        "common": (1, "Common"),
        "user": (2, "User"),
        "content": (3, "text"),
        "user_identity": (18, "Identity"),
    },
    "WebcastSocialMessage": {"common": (1, "Common"), "user": (2, "User"), "action": (4, "int64")},
    "WebcastMemberMessage": {"common": (1, "Common"), "user": (2, "User"), "action": (10, "int32")},
    "WebcastSubNotifyMessage": {"common": (1, "Common"), "user": (2, "User")},
    "WebcastRoomUserSeqMessage": {"common": (1, "Common"), "total": (3, "int64"), "total_user": (7, "int64")},
    "WebcastControlMessage": {"common": (1, "Common"), "action": (2, "int32")},
}


def _compiled() -> dict[str, Message]:
    file = descriptor_pb2.FileDescriptorProto(name="skipline/tiktok.proto", package="tiktok", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            repeated, kind = kind.startswith("*"), kind.removeprefix("*")
            declared = message.field.add(
                name=field,
                number=number,
                label=_KINDS.LABEL_REPEATED if repeated else _KINDS.LABEL_OPTIONAL,
                type=_TYPES.get(kind, _KINDS.TYPE_MESSAGE),
            )
            if kind not in _TYPES:
                declared.type_name = f".tiktok.{kind}"
    pool = descriptor_pool.DescriptorPool()  # its own: the default one belongs to generated modules
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tiktok.{name}"))
        for name in _SCHEMA
    }


MESSAGES: Final[Mapping[str, Message]] = _compiled()
PushFrame: Final[Message] = MESSAGES["PushFrame"]
FetchResult: Final[Message] = MESSAGES["FetchResult"]
