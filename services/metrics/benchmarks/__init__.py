"""DfE's published figures of the children's social work workforce, release by release, to compare ours with."""
