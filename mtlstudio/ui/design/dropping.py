"""Layer types and kept patterns that are dragged from the left over the grid and dropped there."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent

from mtlstudio.base.errors import StudioError
from mtlstudio.network.interface import LayerType, layer_type
from mtlstudio.project.edits import Fragment
from mtlstudio.ui.design import clipboard, places
from mtlstudio.ui.design.fits import fitting, main_output, refusal, shape_at
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.places import Place, across_at, place_at
from mtlstudio.ui.design.stage import Stage

MIME = "application/x-mtlstudio-layer-type"
PATTERN = clipboard.LAYERS
"""What a drag carries: a type's id; layers with their connections, as JSON."""


class Dropping(Stage):
    """A grid that layer types and patterns can be dropped on.

    Signals:
        dropped(str, object): a layer type, and the `Place` for it.
        pattern_dropped(object, object): a `Fragment`, and the `Place` for it.
        refused(str): why something cannot go where it was let go.
    """

    dropped = Signal(str, object)
    pattern_dropped = Signal(object, object)
    refused = Signal(str)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Layer types of the palette may be dropped, what they fit lights up; and patterns."""
        if event.mimeData().hasFormat(MIME):
            self.picture.fitting = fitting(self.picture.spec, self.figures(), _type_id(event), {})
        elif not event.mimeData().hasFormat(PATTERN):
            return
        event.acceptProposedAction()
        self.update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Shows where it would go, or why it cannot."""
        at = Point(event.position().x(), event.position().y())
        place, why = self._landing(_type_id(event), at)
        picture = self.picture
        picture.target = place.on if place is not None else None
        picture.landing = places.landing(self.scene, place, at.x) if place is not None else ()
        words = places.words(self.scene, picture.spec, place) if place is not None else why
        picture.note = (at, words, place is None) if words else None
        self.update()
        event.setAccepted(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """It went elsewhere."""
        self._end_drop()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """It is put there."""
        type_id, fragment = _type_id(event), _fragment(event)
        place, why = self._landing(type_id, Point(event.position().x(), event.position().y()))
        self._end_drop()
        event.acceptProposedAction()
        if place is None:
            self.refused.emit(why)
        elif fragment is not None:
            self.pattern_dropped.emit(fragment, place)
        elif type_id:
            self.dropped.emit(type_id, place)

    def _landing(self, type_id: str, at: Point) -> tuple[Place | None, str]:
        """Where a type (or, without one, a pattern) would go from there; or None and the reason."""
        spec = self.document.spec
        if not spec.network.layers:
            return Place(), ""
        if not type_id:
            return place_at(self.scene, spec, at), ""
        type_ = layer_type(type_id)
        if type_.crosses:
            try:
                return Place(across=across_at(self.scene.layout, spec, self.scene.unit(at).x)), ""
            except StudioError as error:
                return None, error.text()
        place = place_at(self.scene, spec, at, self.picture.fitting)
        why = self._why_not(type_, place)
        return (None, why) if why else (place, "")

    def _why_not(self, type_: LayerType, place: Place) -> str:
        """Why a type cannot take what comes along there."""
        spec = self.document.spec
        if place.on is not None:
            shape = shape_at(self.figures(), place.on.source, place.on.source_port)
        elif place.after:
            shape = shape_at(self.figures(), place.after, main_output(spec, place.after))
        else:
            return ""
        return refusal(spec, type_, {}, shape)

    def _end_drop(self) -> None:
        picture = self.picture
        picture.fitting, picture.target, picture.landing, picture.note = (), None, (), None
        self.update()


def _type_id(event: QDropEvent) -> str:
    """The layer type that is dragged; "" where it is a pattern."""
    return bytes(event.mimeData().data(MIME).data()).decode()


def _fragment(event: QDropEvent) -> Fragment | None:
    """The pattern that is dragged."""
    if not event.mimeData().hasFormat(PATTERN):
        return None
    try:
        return clipboard.read(bytes(event.mimeData().data(PATTERN).data()).decode("utf-8", "replace"))
    except StudioError:
        return None
