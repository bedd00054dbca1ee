#!/usr/bin/env bash
# Finds the system libraries that Qt needs and this Linux lacks, and installs their Debian packages where it may;
# elsewhere it prints the line that would, and goes on: the command line works without them.
#
#     packaging/linux_libraries.sh [VENV]
#
# With MTLSTUDIO_FONTS=1 also a font with Chinese letters, if there is none.
set -uo pipefail

venv=${1:-.venv}

lacking_libraries() {
    local qt
    qt=$("$venv/bin/python" -c '
import importlib.util as util
spec = util.find_spec("PySide6")
print(*(spec.submodule_search_locations if spec else ()), sep="\n")' | head -n 1)
    [ -d "$qt" ] || return 0
    ldd "$qt"/Qt{Gui,Widgets,Svg,OpenGL,OpenGLWidgets,Network,Test}.abi3.so \
        "$qt"/Qt/plugins/platforms/lib{qoffscreen,qxcb}.so 2>/dev/null |
        awk '/not found/ {print $1}' | sort -u
}

package_of() {
    local name=${1%%.so*} number=${1##*.so.}
    case $1 in
    libEGL.so.1) echo libegl1 ;;
    libGL.so.1) echo libgl1 ;;
    libGLX.so.0) echo libglx0 ;;
    libOpenGL.so.0) echo libopengl0 ;;
    libX11.so.6) echo libx11-6 ;;
    libX11-xcb.so.1) echo libx11-xcb1 ;;
    libSM.so.6) echo libsm6 ;;
    libICE.so.6) echo libice6 ;;
    libdbus-1.so.3) echo libdbus-1-3 ;;
    libfontconfig.so.1) echo libfontconfig1 ;;
    libfreetype.so.6) echo libfreetype6 ;;
    libglib-2.0.so.0 | libgthread-2.0.so.0 | libgobject-2.0.so.0) echo libglib2.0-0 ;;
    libgssapi_krb5.so.2) echo libgssapi-krb5-2 ;;
    libz.so.1) echo zlib1g ;;
    libzstd.so.1) echo libzstd1 ;;
    libxkbcommon-x11.so.0) echo libxkbcommon-x11-0 ;;
    libxkbcommon.so.0 | libxcb.so.* | libxcb-*.so.*) echo "$name$number" ;;
    esac
}

needs_chinese_font() {
    [ -n "${MTLSTUDIO_FONTS:-}" ] || return 1
    ! command -v fc-list >/dev/null || [ -z "$(fc-list :lang=zh)" ]
}

install() {
    local -a as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || return 1
    local -a apt=("${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    { "${apt[@]}" install -y --no-install-recommends "$@" || {
        "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"
    }; } >/dev/null 2>&1
}

main() {
    [ "$(uname -s)" = Linux ] || return 0
    local -a packages=() strangers=()
    local library package
    for library in $(lacking_libraries); do
        package=$(package_of "$library")
        if [ -n "$package" ]; then packages+=("$package"); else strangers+=("$library"); fi
    done
    needs_chinese_font && packages+=(fonts-noto-cjk)
    if [ "${#strangers[@]}" -gt 0 ]; then
        echo "Qt lacks these system libraries; install them for the window: ${strangers[*]}" >&2
    fi
    [ "${#packages[@]}" -gt 0 ] || return 0
    echo "Installing what Qt lacks: ${packages[*]}"
    install "${packages[@]}" && return 0
    echo "The window needs these packages (names as on Debian and Ubuntu); install them with:" >&2
    echo "    sudo apt-get install ${packages[*]}" >&2
}

main
exit 0
