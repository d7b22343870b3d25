def pytest_configure(config):
    config.addinivalue_line("markers", "deploy: the scripts of deploy/, on the release build")
