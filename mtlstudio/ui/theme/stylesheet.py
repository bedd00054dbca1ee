"""The style sheet of all stock widgets, made from the tokens."""

from __future__ import annotations

from dataclasses import asdict
from string import Template

from PySide6.QtCore import QDir

from mtlstudio.base.resources import resource
from mtlstudio.ui.theme.tokens import Tokens, mix


def stylesheet(tokens: Tokens, scale: float = 1.0) -> str:
    """The whole style sheet; lengths in `$px<n>` grow with the size of the texts."""
    prefix = f"mtl{tokens.name}"
    QDir.setSearchPaths(prefix, [str(resource("icons", "controls", tokens.name))])
    values = asdict(tokens) | {
        "art": prefix,
        "round": f"{round(16 * scale) // 2 + 1}px",
        "faint": mix(tokens.panel, tokens.line, 0.55).name(),
        "off": mix(tokens.panel, tokens.dim, 0.6).name(),
        "bad_ground": mix(tokens.panel, tokens.bad, 0.08).name(),
        "chosen": tokens.raised if tokens.is_dark else tokens.card,
        "chosen_line": tokens.raised if tokens.is_dark else tokens.line,
        "row": mix(tokens.panel, tokens.text, 0.05).name(),
        "handle": mix(tokens.line, tokens.dim, 0.45).name(),
    }
    values |= {f"px{size}": f"{round(size * scale)}px" for size in range(1, 65)}
    return Template("".join((_LABELS, _BUTTONS, _FIELDS, _TICKS, _LISTS, _CONTAINERS, _REST))).substitute(values)


_LABELS = """
QToolTip { background: $card; color: $text; border: 1px solid $line; border-radius: 6px; padding: 4px 6px; }
QLabel { background: transparent; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="small"] { color: $dim; font-size: $px12; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="heading"] { font-weight: 600; font-size: $px16; }
QLabel[role="display"] { font-weight: 700; font-size: $px32; }
QLabel[role="section"] { color: $dim; font-size: $px11; font-weight: 600; }
QLabel[strong="true"] { font-weight: 600; }
QLabel[role="good"] { color: $good; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="bad"] { color: $bad; }
QLabel:disabled { color: $off; }
"""

_BUTTONS = """
QPushButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 7px;
  padding: 5px 13px; min-height: $px18; }
QPushButton:hover { background: $raised_hover; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border-color: $accent; }
QPushButton:checked { background: $selection; border-color: $accent; }
QPushButton:disabled { color: $off; background: transparent; }
QPushButton[accent="true"] { background: $accent_fill; color: $on_accent; border: 1px solid $accent_fill;
  font-weight: 600; }
QPushButton[accent="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[accent="true"]:pressed { background: $accent_fill; }
QPushButton[accent="true"]:focus { border: 2px solid $text; padding: 4px 12px; }
QPushButton[accent="true"]:disabled { background: $raised; color: $off; border-color: $line; }
QPushButton[danger="true"] { color: $bad; background: $card; }
QPushButton[danger="true"]:hover { background: $bad_ground; border-color: $bad; }
QPushButton[danger="true"]:focus { border-color: $bad; }
QPushButton[danger="true"]:disabled { color: $off; }
QPushButton[small="true"] { padding: 2px 9px; border-radius: 6px; }
QPushButton[quiet="true"] { background: transparent; border: 1px solid transparent; padding: 4px 8px; }
QPushButton[quiet="true"]:hover { background: $raised; }
QPushButton[quiet="true"]:focus { border-color: $accent; }
QPushButton[large="true"] { padding: 9px 20px; border-radius: 8px; }
QPushButton[large="true"][accent="true"]:focus { padding: 8px 19px; }
QPushButton::menu-indicator { image: url("$art:down.svg"); width: 12px; height: 12px;
  subcontrol-origin: padding; subcontrol-position: center right; right: 6px; }
QToolButton { background: transparent; color: $text; border: 1px solid transparent; border-radius: 6px;
  padding: 4px; }
QToolButton:hover { background: $raised; }
QToolButton:pressed { background: $line; }
QToolButton:checked { background: $raised; border-color: $line; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $off; }
QToolButton[row="true"] { padding: 5px 6px; text-align: left; }
QToolButton[fold="true"] { padding: 4px 0; margin-left: -5px; color: $dim; text-align: left; }
QToolButton[fold="true"]:hover { color: $text; background: transparent; }
QToolButton::menu-indicator { image: none; }
QToolButton[popupMode="1"] { padding-right: 18px; }
QToolButton::menu-button { border: none; width: 16px; }
QToolButton::menu-arrow { image: url("$art:down.svg"); width: 12px; height: 12px; }
QFrame#segments { background: $background; border: none; border-radius: 9px; }
QFrame#segments QPushButton { background: transparent; border: 1px solid transparent; padding: 4px 14px;
  border-radius: 7px; color: $dim; }
QFrame#segments QPushButton:hover { color: $text; }
QFrame#segments QPushButton:checked { color: $text; background: $chosen; border-color: $chosen_line; font-weight: 600; }
QFrame#segments QPushButton:focus { border-color: $accent; }
QFrame#segments QPushButton:disabled { color: $off; }
QFrame#segments[small="true"] QPushButton { padding: 1px 9px; border-radius: 6px; }
"""

_FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QAbstractSpinBox, QComboBox, QKeySequenceEdit {
  background: $field; color: $text; border: 1px solid $line; border-radius: 7px; padding: 4px 8px;
  min-height: $px18; selection-background-color: $accent_fill; selection-color: $on_accent; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $handle; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus,
QComboBox:on { border-color: $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $off;
  background: transparent; }
QLineEdit { padding: 4px 6px; }
QLineEdit[search="true"] { padding-left: 4px; }
QLineEdit[wrong="true"], QAbstractSpinBox[wrong="true"], QComboBox[wrong="true"] { border-color: $bad;
  color: $bad; }
QLineEdit[flat="true"] { background: transparent; border: 1px solid transparent; padding: 1px 3px;
  border-radius: 5px; min-height: $px16; }
QLineEdit[flat="true"]:hover { border-color: $line; }
QLineEdit[flat="true"]:focus { background: $field; border-color: $accent; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { background: transparent; border: none; padding: 0 0 0 6px;
  min-height: 0; }
QAbstractSpinBox { padding: 2px 8px 3px 8px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { background: transparent; border: none; width: 16px;
  right: 3px; }
QAbstractSpinBox::up-button { subcontrol-position: top right; top: 3px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; bottom: 3px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $raised; border-radius: 3px; }
QAbstractSpinBox::up-arrow { image: url("$art:up.svg"); width: $px10; height: $px10; }
QAbstractSpinBox::down-arrow { image: url("$art:down.svg"); width: $px10; height: $px10; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off { image: url("$art:up-off.svg"); }
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off { image: url("$art:down-off.svg"); }
QComboBox { padding-right: 4px; combobox-popup: 0; }
QComboBox::drop-down { subcontrol-origin: padding; subcontrol-position: center right; width: 22px; border: none; }
QComboBox::down-arrow { image: url("$art:down.svg"); width: $px12; height: $px12; }
QComboBox::down-arrow:disabled { image: url("$art:down-off.svg"); }
QComboBoxPrivateContainer { background: $card; border: none; }
QComboBox QAbstractItemView { background: $card; border: 1px solid $line; padding: 4px;
  selection-background-color: $selection; selection-color: $text; outline: none; }
QComboBox QAbstractItemView::item { min-height: $px24; padding: 0 6px; border-radius: 5px; }
"""

_TICKS = """
QCheckBox, QRadioButton { spacing: 8px; background: transparent; min-height: $px20; }
QCheckBox:disabled, QRadioButton:disabled { color: $off; }
QCheckBox::indicator, QRadioButton::indicator { width: $px16; height: $px16; border: 1px solid $handle;
  background: $field; }
QCheckBox::indicator, QGroupBox::indicator, QAbstractItemView::indicator { border-radius: 5px; }
QRadioButton::indicator { border-radius: $round; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked {
  background: $accent_fill; border: 1px solid $accent_fill; image: url("$art:check.svg"); }
QCheckBox::indicator:checked:focus { border-color: $text; }
QCheckBox::indicator:indeterminate { background: $accent_fill; border-color: $accent_fill;
  image: url("$art:dash.svg"); }
QRadioButton::indicator:checked { background: $accent_fill; border-color: $accent_fill;
  image: url("$art:dot.svg"); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $line; background: $panel; }
QCheckBox::indicator:checked:disabled { border-color: $handle; background: $handle; }
QAbstractItemView::indicator, QGroupBox::indicator { width: $px14; height: $px14; border: 1px solid $handle;
  background: $field; }
QSlider { border: 1px solid transparent; }
QSlider:horizontal { min-height: 18px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $track; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; background: $accent; }
QSlider::handle:horizontal:hover { background: $text; }
QSlider:focus { border: 1px solid $accent; border-radius: 6px; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $handle; }
QSlider::groove:vertical { width: 4px; border-radius: 2px; background: $track; }
QSlider::add-page:vertical { width: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:vertical { height: 12px; width: 12px; margin: 0 -4px; border-radius: 6px; background: $accent; }
"""

_LISTS = """
QAbstractItemView { background: transparent; border: 1px solid transparent; outline: none; color: $text;
  selection-background-color: $selection; selection-color: $text; gridline-color: transparent;
  alternate-background-color: $row; }
QTreeView { show-decoration-selected: 1; }
QListView::item { min-height: $px26; padding: 1px 6px; border-radius: 6px; }
QTreeView::item { height: $px28; padding: 0 4px; }
QTableView::item { padding: 4px 8px; border-bottom: 1px solid $faint; }
QListView::item:hover, QTreeView::item:hover { background: $row; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected { background: $selection;
  color: $text; }
QListView:focus, QTreeView:focus, QTableView:focus { border: 1px solid $accent; border-radius: 7px; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:!has-siblings:closed, QTreeView::branch:closed:has-children:has-siblings {
  image: url("$art:right.svg"); }
QTreeView::branch:open:has-children:!has-siblings, QTreeView::branch:open:has-children:has-siblings {
  image: url("$art:down.svg"); }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $dim; border: none; border-bottom: 1px solid $line;
  padding: 6px 8px; font-weight: 400; }
QHeaderView::section:hover { color: $text; }
QHeaderView::section:vertical { border-bottom: none; }
QHeaderView::up-arrow { image: url("$art:up.svg"); width: 10px; height: 10px; }
QHeaderView::down-arrow { image: url("$art:down.svg"); width: 10px; height: 10px; }
QTableCornerButton::section { background: transparent; border: none; }
"""

_CONTAINERS = """
QMainWindow, QDialog { background: $panel; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QWidget[ground="background"] { background: $background; }
QWidget[ground="panel"] { background: $panel; }
QFrame[surface="card"] { background: $panel; border: 1px solid $line; border-radius: 10px; }
QFrame[surface="raised"] { background: $card; border: 1px solid $line; border-radius: 10px; }
QFrame[surface="card"][tone="warning"], QFrame[surface="raised"][tone="warning"] { border-color: $warning; }
QFrame[surface="card"][tone="bad"], QFrame[surface="raised"][tone="bad"] { border-color: $bad; }
QFrame[surface="card"][tone="good"], QFrame[surface="raised"][tone="good"] { border-color: $good; }
QFrame[surface="card"][tone="accent"], QFrame[surface="raised"][tone="accent"] { border-color: $accent; }
QFrame[surface="bar"] { background: $panel; border: none; border-bottom: 1px solid $line; }
QFrame[surface="bar"][edge="top"] { border-bottom: none; border-top: 1px solid $line; }
QWidget[surface="background"] { background: $background; }
QFrame[surface="side"] { background: $panel; border: none; }
QFrame[surface="side"][edge="right"] { border-right: 1px solid $line; }
QFrame[surface="side"][edge="left"] { border-left: 1px solid $line; }
QFrame[surface="side"][edge="bottom"] { border-bottom: 1px solid $line; }
QFrame[surface="side"][edge="top"] { border-top: 1px solid $line; }
QDockWidget { color: $dim; font-size: $px11; font-weight: 600; titlebar-close-icon: url("$art:close.svg");
  titlebar-normal-icon: url("$art:float.svg"); }
QDockWidget::title { background: $panel; padding: 8px 10px 4px 12px; border: none; text-align: left; }
QDockWidget::close-button, QDockWidget::float-button { background: transparent; border: none; padding: 0;
  icon-size: 14px; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: $raised; border-radius: 4px; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover, QSplitter::handle:pressed { background: $accent; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[ground=""] { background: transparent; }
QGroupBox { border: 1px solid $line; border-radius: 9px; margin-top: $px20; padding: 10px 8px 8px 8px; }
QGroupBox::title { subcontrol-origin: margin; subcontrol-position: top left; left: 2px; color: $dim; padding: 0; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $dim; padding: 7px 12px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QStackedWidget { background: transparent; }
"""

_REST = """
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $handle; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QProgressBar { background: $track; border: none; border-radius: 3px; height: 6px; max-height: 6px; color: transparent;
  text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QToolBar { background: $panel; border: none; spacing: 2px; padding: 2px 6px; }
QToolBar::separator { background: $line; width: 1px; margin: 4px 6px; }
QMenuBar { background: $panel; color: $text; border: none; }
QMenuBar::item { background: transparent; padding: 5px 9px; border-radius: 5px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $raised; }
QMenu { background: $card; color: $text; border: 1px solid $line; border-radius: 8px; padding: 5px; }
QMenu::item { padding: 5px 24px 5px 10px; border-radius: 5px; min-height: $px18; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $off; }
QMenu::separator { height: 1px; background: $line; margin: 5px 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 8px; }
QMenu::indicator:checked { image: url("$art:tick.svg"); }
QMenu::right-arrow { image: url("$art:right.svg"); width: 12px; height: 12px; }
QStatusBar { background: $panel; border-top: 1px solid $line; color: $dim; }
QStatusBar::item { border: none; }
QMessageBox { background: $panel; }
QCalendarWidget QWidget { alternate-background-color: $panel; }
QGraphicsView { border: none; }
"""
