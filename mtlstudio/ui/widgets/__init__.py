"""The widgets that two or more workspaces share."""

from mtlstudio.ui.widgets.bars import Bar, Histogram, Part, StackedBar
from mtlstudio.ui.widgets.chip import Chip
from mtlstudio.ui.widgets.common import button, column, follow_language, label, repaint_on_theme, row, set_property
from mtlstudio.ui.widgets.dots import ColourDot, StatusDot
from mtlstudio.ui.widgets.feedback import EmptyState, Spinner, Toast, Toaster, show_toast
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.gallery import Gallery
from mtlstudio.ui.widgets.gallery_parts import GalleryItem
from mtlstudio.ui.widgets.icons import IconLabel, icon, paint_icon, pixmap, set_icon
from mtlstudio.ui.widgets.image_layers import View
from mtlstudio.ui.widgets.image_shapes import Box, Outline, Point
from mtlstudio.ui.widgets.image_view import ImageView
from mtlstudio.ui.widgets.panel import Collapsible, Notice, Panel
from mtlstudio.ui.widgets.parameter_form import MIXED, ParameterForm
from mtlstudio.ui.widgets.qimages import label_image, rgb_image, scalar_image, with_table
from mtlstudio.ui.widgets.search_field import SearchField
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl
from mtlstudio.ui.widgets.titles import ElidedLabel, FactList, KeyHint, SectionTitle
from mtlstudio.ui.widgets.value_slider import ValueSlider
from mtlstudio.ui.widgets.view_link import ViewLink, link_views

__all__ = [
    "MIXED",
    "Bar",
    "Box",
    "Chip",
    "Collapsible",
    "ColourDot",
    "ElidedLabel",
    "EmptyState",
    "FactList",
    "FlowLayout",
    "Gallery",
    "GalleryItem",
    "Histogram",
    "IconLabel",
    "ImageView",
    "KeyHint",
    "Notice",
    "Outline",
    "Panel",
    "ParameterForm",
    "Part",
    "Point",
    "SearchField",
    "SectionTitle",
    "Segment",
    "SegmentedControl",
    "Spinner",
    "StackedBar",
    "StatusDot",
    "Toast",
    "Toaster",
    "ValueSlider",
    "View",
    "ViewLink",
    "button",
    "column",
    "follow_language",
    "icon",
    "label",
    "label_image",
    "link_views",
    "paint_icon",
    "pixmap",
    "repaint_on_theme",
    "rgb_image",
    "row",
    "scalar_image",
    "set_icon",
    "set_property",
    "show_toast",
    "with_table",
]
