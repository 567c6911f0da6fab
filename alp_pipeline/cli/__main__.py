"""`python -m alp_pipeline.cli`: the same command without its script."""

from alp_pipeline.cli import main

if __name__ == "__main__":
    main()
