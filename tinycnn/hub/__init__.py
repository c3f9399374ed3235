r"""Files from the network: downloaded once, verified, and found again; the names are torch.hub's."""

from __future__ import annotations

from .cache import download_url_to_file, ensure_file, get_dir, hash_in_name, load_state_dict_from_url, set_dir

__all__ = ["download_url_to_file", "ensure_file", "get_dir", "hash_in_name", "load_state_dict_from_url", "set_dir"]
